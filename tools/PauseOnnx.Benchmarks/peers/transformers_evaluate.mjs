// Has transformers.js answer questions: a peer that `pauseonnx-bench evaluation` measures evaluation against.
//   node transformers_evaluate.mjs NODE_FOLDER FOLDER THREADS NEW_TOKENS
// NODE_FOLDER is where its packages are installed; FOLDER holds the model and, of each task, TASK.json with prompts and choices.
// Answers each line of JSON on standard input (EvaluationRequest in EvaluationTimes.cs) with a line (EvaluationReply).
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const [nodeFolder, folder, threads, newTokens] = process.argv.slice(2);
const { AutoModelForCausalLM, AutoTokenizer, DynamicCache, Tensor, cat, env } =
  createRequire(resolve(nodeFolder, "package.json"))("@huggingface/transformers");

env.allowRemoteModels = false;
env.localModelPath = ".";

const model = join(folder, "model");
const tokenizer = await AutoTokenizer.from_pretrained(model);
const decoder = await AutoModelForCausalLM.from_pretrained(model, {
  dtype: "fp32",
  use_external_data_format: true,
  session_options: { intraOpNumThreads: Number(threads), logSeverityLevel: 3 },
});

// Questions of like length together, the longest first, as `pauseonnx eval` has them; `place` is where each stands in the file.
function batchesOf(questions, size) {
  const lengths = tokenizer(questions.map((q) => q.Prompt), { padding: false, return_tensor: false }).input_ids.map((ids) => ids.length);
  const order = questions.map((_, place) => place).sort((a, b) => lengths[b] - lengths[a]);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}

async function write(questions) {
  const inputs = tokenizer(questions.map((q) => q.Prompt), { padding: true });
  const sequences = await decoder.generate({ ...inputs, max_new_tokens: Number(newTokens), do_sample: false, eos_token_id: null });
  const answers = sequences.slice(null, [inputs.input_ids.dims.at(-1), null]).tolist();
  tokenizer.batch_decode(answers, { skip_special_tokens: true });
  return answers.map((ids) => ids.map(Number));
}

// The graph's pauses stand between prompt and choice, so the prompts are a call, and the choices another after it.
async function score(questions, sharesPrompts) {
  const rows = questions.flatMap((q, i) => q.Choices.map((choice) => ({ question: i, prompt: q.Prompt, choice })));
  const prompts = tokenizer(sharesPrompts ? questions.map((q) => q.Prompt) : rows.map((r) => r.prompt), { padding: true });
  const first = await decoder.forward(prompts);
  const rowOf = sharesPrompts ? rows.map((r) => r.question) : rows.map((_, i) => i);

  const choices = rows.map((r) => tokenizer(r.choice, { add_special_tokens: false, return_tensor: false }).input_ids);
  const length = Math.max(...choices.map((c) => c.length)) - 1;
  const fed = new BigInt64Array(rows.length * length);
  choices.forEach((ids, row) => ids.slice(0, -1).forEach((id, t) => (fed[row * length + t] = BigInt(id))));
  const ones = new Tensor("int64", new BigInt64Array(rows.length * length).fill(1n), [rows.length, length]);
  const past = Object.entries(first).filter(([name]) => name.startsWith("present"));
  const second = await decoder.forward({
    input_ids: new Tensor("int64", fed, [rows.length, length]),
    attention_mask: cat([sharesPrompts ? repeat(prompts.attention_mask, rowOf) : prompts.attention_mask, ones], 1),
    past_key_values: new DynamicCache(Object.fromEntries(
      past.map(([name, value]) => [name.replace("present", "past_key_values"), sharesPrompts ? repeat(value, rowOf) : value]))),
  });

  const width = first.logits.dims.at(-1);
  const likelihoods = questions.map(() => []);
  choices.forEach((ids, row) => {
    const begin = rowOf[row] * width;
    let sum = logProbability(first.logits.data.subarray(begin, begin + width), ids[0]);
    for (let t = 1; t < ids.length; t++) {
      const place = (row * length + t - 1) * width;
      sum += logProbability(second.logits.data.subarray(place, place + width), ids[t]);
    }
    likelihoods[rows[row].question].push(sum);
  });
  return likelihoods;
}

// [B, ...] -> [rows, ...], each row as often as named.
function repeat(tensor, rows) {
  const width = tensor.data.length / tensor.dims[0];
  const data = new tensor.data.constructor(rows.length * width);
  rows.forEach((row, i) => data.set(tensor.data.subarray(row * width, (row + 1) * width), i * width));
  return new Tensor(tensor.type, data, [rows.length, ...tensor.dims.slice(1)]);
}

function logProbability(logits, id) {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    max = logits[i] > max ? logits[i] : max;
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    sum += Math.exp(logits[i] - max);
  }
  return logits[id] - max - Math.log(sum);
}

async function answer({ Task, Questions, BatchSize, SharesPrompts }) {
  const questions = JSON.parse(readFileSync(join(folder, `${Task}.json`))).slice(0, Questions);
  const begin = performance.now();
  const [ids, likelihoods] = [questions.map(() => []), questions.map(() => [])];
  for (const places of batchesOf(questions, BatchSize)) {
    const batch = places.map((place) => questions[place]);
    const hasChoices = batch[0].Choices.length > 0;
    const answers = hasChoices ? await score(batch, SharesPrompts) : await write(batch);
    places.forEach((place, i) => ((hasChoices ? likelihoods : ids)[place] = answers[i]));
  }
  return { Seconds: (performance.now() - begin) / 1000, Ids: ids, LogLikelihoods: likelihoods };
}

console.log("{}");
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
