// The logits of every call of a decoder: by ONNX Runtime for Node.js, or by ONNX Runtime for the web in WebAssembly.
//   node logits.mjs jobs.json
// A job is { "host": package, "provider": name, "file": graph, "maxLength": positions of a shared cache or null, "inPlace":
// whether presents are written into the pasts' memory, "cases": [{ "ids": [[id, ...], ...], "mask": [[0 or 1, ...], ...],
// "next": [[id, ...], ...] }, ...] }; its answer { "cases": [[{ "dims": [B, T, V], "data": [logit, ...] }, ...], ...] }, of each
// call of each case, or { "error": why the host does not run the graph }.
import { basename } from "node:path";
import { answerJobs } from "./jobs.mjs";

const halfNaN = 0x7e00;
const isPast = ({ name }) => name.startsWith("past_key_values.");
const presentOf = (past) => past.replace("past_key_values", "present");

async function load({ host, provider, file }) {
  const { InferenceSession, Tensor, env } = await import(host);
  env.wasm.numThreads = 1;
  const options = { executionProviders: [provider], logSeverityLevel: 3 };
  const weights = { path: `${basename(file)}_data`, data: `${file}_data` };
  const session = await InferenceSession.create(file, host === "onnxruntime-web" ? { ...options, externalData: [weights] } : options);
  return { session, Tensor };
}

/** Keys and values before the first call: [B, K, 0, D], or a whole buffer. What a buffer holds is no number. */
function newCache({ session, Tensor }, batch, maxLength) {
  return Object.fromEntries(session.inputMetadata.filter(isPast).map(({ name, type, shape: [, heads, , width] }) => {
    const dims = [batch, heads, maxLength ?? 0, width];
    const count = dims.reduce((a, b) => a * b);
    const values = type === "float16" ? new Uint16Array(count).fill(halfNaN) : new Float32Array(count).fill(NaN);
    return [name, new Tensor(type, values, dims)];
  }));
}

async function decode({ session, Tensor }, { maxLength, inPlace }, { ids, mask, next }) {
  const int64 = (rows) => new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
  const pasts = session.inputMetadata.filter(isPast).map(({ name }) => name);
  let cache = newCache({ session, Tensor }, mask.length, maxLength);
  const answers = [];

  for (const newIds of [ids, ...next[0].map((_, step) => next.map((row) => [row[step]]))]) {
    const inputs = { input_ids: int64(newIds), attention_mask: int64(mask), ...cache };
    const outputs = inPlace
      ? await session.run(inputs, { logits: null, ...Object.fromEntries(pasts.map((name) => [presentOf(name), cache[name]])) })
      : await session.run(inputs);
    answers.push({ dims: outputs.logits.dims, data: [...outputs.logits.data] });
    cache = inPlace ? cache : Object.fromEntries(pasts.map((name) => [name, outputs[presentOf(name)]]));
    mask = mask.map((row) => [...row, 1]);
  }

  return answers;
}

await answerJobs(async (job) => {
  try {
    const model = await load(job);
    const cases = [];
    for (const one of job.cases) {
      cases.push(await decode(model, job, one));
    }

    await model.session.release();
    return { cases };
  } catch (error) {
    return { error: `${error}` };
  }
});
