// Measures node-llama-cpp on one job (see Job.java) and tells what it measured line by line; after each line it
// waits for one on standard input, so that the memory at that moment can be read.
import {readFileSync} from "node:fs";
import {createInterface} from "node:readline";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const MARK = "qwq-bench:";
const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const input = createInterface({input: process.stdin})[Symbol.asyncIterator]();
const seconds = () => performance.now() / 1000;

async function tell(event) {
  process.stdout.write(MARK + JSON.stringify(event) + "\n");
  await input.next();
}

const greedy = {temperature: 0, yieldEogToken: true};

/** Times of the first `count` tokens that follow a prompt. */
async function generate(sequence, prompt, count) {
  const times = [];
  for await (const _ of sequence.evaluate(prompt, greedy)) {
    times.push(seconds());
    if (times.length === count) break;
  }
  await sequence.clearHistory();
  return times;
}

async function timeToFirst(sequence, prompt) {
  const start = seconds();
  const [first] = await generate(sequence, prompt, 1);
  return first - start;
}

const start = seconds();
const llama = await getLlama({
  gpu: false, build: "never", maxThreads: job.threads, logLevel: LlamaLogLevel.warn, progressLogs: false
});
const model = await llama.loadModel({modelPath: job.model});
const newContext = (sequences, contextSize) =>
    model.createContext({sequences, contextSize, threads: {ideal: job.threads, min: job.threads}});
let context = await newContext(1, job.context);
let sequence = context.getSequence();
await tell({event: "open", seconds: seconds() - start});

await generate(sequence, job.warmup, 4);
for (const prompt of job.prompts) {
  await tell({event: "prefill", asked: prompt.length, tokens: prompt.length, seconds: await timeToFirst(sequence, prompt)});
}
if (job.generate > 0) {
  const times = await generate(sequence, job.decodePrompt, job.generate + 1);
  await tell({event: "decode", tokens: times.length - 1, seconds: times.at(-1) - times[0]});
}
if (job.batch.length > 0) {
  await context.dispose();
  context = await newContext(job.batch.length, job.batch[0].length + job.generate + 8);
  const sequences = job.batch.map(() => context.getSequence());
  const times = await Promise.all(sequences.map((each, i) => generate(each, job.batch[i], job.generate + 1)));
  // From the moment all sequences decode.
  const begin = Math.max(...times.map(each => each[0]));
  const end = Math.max(...times.map(each => each.at(-1)));
  const tokens = times.flat().filter(time => time > begin).length;
  await tell({event: "batch", sequences: sequences.length, tokens, seconds: end - begin});
}
await tell({event: "done"});
process.exit(0);
