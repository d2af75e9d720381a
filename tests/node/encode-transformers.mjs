// Token ids by transformers.js.
//   node encode-transformers.mjs jobs.json
// A job is { "model": folder, "texts": [text, ...] }; its answer, the ids of each text.
import { AutoTokenizer, env } from "@huggingface/transformers";
import { answerJobs } from "./jobs.mjs";

env.allowRemoteModels = false;
env.localModelPath = ".";

await answerJobs(async ({ model, texts }) => {
  const tokenizer = await AutoTokenizer.from_pretrained(model);
  return texts.map((text) => tokenizer.encode(text));
});
