// Greedy decoding with transformers.js.
//   node decode-transformers.mjs jobs.json
// A job is { "model": folder, "dtype": graph by transformers.js's word or null for fp32, "prompts": [text, ...],
// "maxNewTokens": n }; its answer, the new ids of each prompt.
import { AutoModelForCausalLM, AutoTokenizer, env } from "@huggingface/transformers";
import { answerJobs, untilStop } from "./jobs.mjs";

env.allowRemoteModels = false;
env.localModelPath = ".";

async function decode({ model: folder, dtype, prompts, maxNewTokens }) {
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype: dtype ?? "fp32" });
  const stopTokens = [model.generation_config.eos_token_id ?? []].flat();

  const inputs = tokenizer(prompts, { padding: true });
  const sequences = await model.generate({ ...inputs, max_new_tokens: maxNewTokens });
  await model.dispose();

  const answers = sequences.slice(null, [inputs.input_ids.dims.at(-1), null]).tolist();
  return answers.map((answer) => untilStop(answer.map(Number), stopTokens));
}

await answerJobs(decode);
