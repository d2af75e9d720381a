// Times prefill and decode of transformers.js: a peer that `pauseonnx-bench runtime` measures the runtime against.
//   node transformers_decode.mjs NODE_FOLDER MODEL DTYPE THREADS PROMPT STEPS VOCABULARY
// NODE_FOLDER is where its packages are installed. Answers one line of JSON: milliseconds of the first token, and the median
// of the tokens after it.
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [nodeFolder, model, dtype, threads, prompt, steps, vocabulary] = process.argv.slice(2);
const { AutoModelForCausalLM, Tensor, env } = createRequire(resolve(nodeFolder, "package.json"))("@huggingface/transformers");

env.allowRemoteModels = false;
env.localModelPath = ".";

const begin = performance.now();
const decoder = await AutoModelForCausalLM.from_pretrained(model, {
  dtype,
  use_external_data_format: true,
  session_options: { intraOpNumThreads: Number(threads), logSeverityLevel: 3 },
});
const load = performance.now() - begin;

const ids = BigInt64Array.from({ length: Number(prompt) }, () => BigInt(Math.floor(Math.random() * Number(vocabulary))));
const inputs = {
  input_ids: new Tensor("int64", ids, [1, ids.length]),
  attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
};

// The streamer is told the prompt first, and then each token as soon as it is chosen.
async function tokenTimes(count) {
  const times = [];
  const streamer = { put: () => times.push(performance.now()), end: () => {} };
  await decoder.generate({ ...inputs, max_new_tokens: count, do_sample: false, streamer });
  return times.slice(1).map((time, i) => time - times[i]);
}

await tokenTimes(1);
const [prefill, ...decode] = await tokenTimes(1 + Number(steps));
decode.sort((a, b) => a - b);
console.log(JSON.stringify({ Load: load, Prefill: prefill, Decode: decode[Math.floor(decode.length / 2)] }));
