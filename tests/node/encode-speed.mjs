// How fast the Rust tokenizers library encodes JSON lines, to compare with "pauseonnx-train prepare --workers 1" on the
// same file.
//   RAYON_NUM_THREADS=1 node encode-speed.mjs tokenizer.json file.jsonl [megabytes]
// Reading and parsing are not counted. MB/s are of UTF-8 text, by the clock and by the processor time spent.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import tokenizers from "@anush008/tokenizers";

const [tokenizerFile, file, megabytes = "50"] = process.argv.slice(2);
const tokenizer = tokenizers.Tokenizer.fromFile(tokenizerFile);
const texts = [];
let bytes = 0;
for await (const line of createInterface({ input: createReadStream(file) })) {
  const { text } = JSON.parse(line);
  texts.push(text);
  bytes += Buffer.byteLength(text);
  if (bytes > megabytes * 1e6) break;
}

const batchSize = 500;
const cpu = process.cpuUsage();
const start = performance.now();
let tokens = 0;
for (let i = 0; i < texts.length; i += batchSize) {
  const encodings = await tokenizer.encodeBatch(texts.slice(i, i + batchSize), { addSpecialTokens: false });
  for (const encoding of encodings) tokens += encoding.getIds().length;
}

const seconds = (performance.now() - start) / 1e3;
const { user, system } = process.cpuUsage(cpu);
const coreSeconds = (user + system) / 1e6;
console.log(`${tokens} tokens, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ${(bytes / 1e6 / coreSeconds).toFixed(1)} MB/s a core`);
