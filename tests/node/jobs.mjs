import { readFile } from "node:fs/promises";

/** Reads a JSON file. */
export const readJson = async (file) => JSON.parse(await readFile(file, "utf8"));

/** Answers every job of the JSON file that is the script's argument, and prints the answers as one JSON array. */
export async function answerJobs(answer) {
  const answers = [];
  for (const job of await readJson(process.argv[2])) {
    answers.push(await answer(job));
  }
  console.log(JSON.stringify(answers));
}

/** The ids up to the first stop token, that one included. */
export function untilStop(ids, stopTokens) {
  const end = ids.findIndex((id) => stopTokens.includes(id));
  return end < 0 ? ids : ids.slice(0, end + 1);
}
