import { AutoModelForCausalLM, AutoTokenizer, env } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.localModelPath = ".";
const [folder = "artifacts/models/luhn", prompt = "453201511283036="] = process.argv.slice(2);

const tokenizer = await AutoTokenizer.from_pretrained(folder);
const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype: "fp32" });

const inputs = tokenizer(prompt);
const sequences = await model.generate(inputs);
const answer = sequences.slice(0, [inputs.input_ids.dims[1], null]);
console.log(tokenizer.decode(answer, { skip_special_tokens: true }));
