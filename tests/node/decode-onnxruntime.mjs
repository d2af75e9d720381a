// Greedy decoding with plain ONNX Runtime, as any host with a KV cache does it: nothing here knows about pauses.
//   node decode-onnxruntime.mjs jobs.json
// A job is { "model": folder, "file": graph in it or null for the float32 one, "prompts": [[id, ...], ...], "maxNewTokens": n };
// its answer, the new ids of each prompt.
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { answerJobs, readJson, untilStop } from "./jobs.mjs";

const int64 = (rows) => new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);

/** Keys and values [B, K, 0, D] of every layer, before the first call. */
function emptyCache(session, batch) {
  const pasts = session.inputMetadata.filter(({ name }) => name.startsWith("past_key_values."));
  return Object.fromEntries(pasts.map(({ name, type, shape: [, heads, , width] }) =>
    [name, new Tensor(type, type === "float16" ? new Uint16Array(0) : new Float32Array(0), [batch, heads, 0, width])]));
}

/** What this call made of the keys and values, under the names that the next call takes. */
function grownCache(outputs) {
  const presents = Object.keys(outputs).filter((name) => name.startsWith("present."));
  return Object.fromEntries(presents.map((name) => [name.replace("present", "past_key_values"), outputs[name]]));
}

/** For each sequence the most likely id after its last position; logits are [B, T, V]. */
function mostLikely({ data, dims: [batch, length, vocabSize] }) {
  return Array.from({ length: batch }, (_, b) => {
    const last = data.subarray(((b + 1) * length - 1) * vocabSize, (b + 1) * length * vocabSize);
    return last.indexOf(Math.max(...last));
  });
}

async function decode({ model, file, prompts, maxNewTokens }) {
  const session = await InferenceSession.create(join(model, file ?? "onnx/model.onnx"));
  const stopTokens = [(await readJson(join(model, "generation_config.json"))).eos_token_id ?? []].flat();

  const length = Math.max(...prompts.map((prompt) => prompt.length));
  const leftPadded = (prompt, values) => [...Array(length - prompt.length).fill(0), ...values];
  const mask = prompts.map((prompt) => leftPadded(prompt, prompt.map(() => 1)));
  const answers = prompts.map(() => []);
  let ids = prompts.map((prompt) => leftPadded(prompt, prompt));
  let cache = emptyCache(session, prompts.length);

  for (let step = 0; step < maxNewTokens; step++) {
    const outputs = await session.run({ input_ids: int64(ids), attention_mask: int64(mask), ...cache });
    const next = mostLikely(outputs.logits);
    next.forEach((id, b) => { answers[b].push(id); mask[b].push(1); });
    ids = next.map((id) => [id]);
    cache = grownCache(outputs);
  }

  await session.release();
  return answers.map((answer) => untilStop(answer, stopTokens));
}

await answerJobs(decode);
