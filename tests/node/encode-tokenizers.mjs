// Token ids and decoded text by the Rust tokenizers library.
//   node encode-tokenizers.mjs jobs.json
// A job is { "tokenizer": file, "texts": [text, ...], "ids": [[id, ...], ...] }; its answer, the ids of each text with
// special tokens added at its ends, the text of those ids, and the text of each of the given ids.
import tokenizers from "@anush008/tokenizers";
import { answerJobs } from "./jobs.mjs";

await answerJobs(async ({ tokenizer: file, texts, ids: others }) => {
  const tokenizer = tokenizers.Tokenizer.fromFile(file);
  const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: true });
  const ids = encodings.map((encoding) => encoding.getIds());
  return { ids, decoded: await tokenizer.decodeBatch(ids, true), others: await tokenizer.decodeBatch(others, true) };
});
