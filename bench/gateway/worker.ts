/**
 * Tessera's upstream: a real GPU worker, configured by its environment like any other, whose engine answers at once.
 * What it does before that (signature, frame, tiles' checks, prompt ids) is the product's own code. A process of its
 * own.
 */
import { ok } from "../../core/result.ts";
import { readConfiguration } from "../../gpu-worker/configuration.ts";
import type { Engine, EngineStep } from "../../gpu-worker/engines/engine.ts";
import { readVocabulary } from "../../gpu-worker/tokenizer.ts";
import { Worker } from "../../gpu-worker/worker.ts";
import { TOKENS, WORD } from "./answer.ts";

const configuration = readConfiguration(process.env);
if (!configuration.ok) throw new Error(configuration.error);
const { model, slots } = configuration.value;
const tokenizer = await readVocabulary(model);
const [id] = tokenizer.encode(WORD);
if (id === undefined) throw new Error("The vocabulary has no word.");

let running = 0;
const engine: Engine = {
  slots,
  generate({ sampling }, signal) {
    async function* steps(): AsyncGenerator<EngineStep> {
      running += 1;
      try {
        for (let index = 0; index < Math.min(TOKENS, sampling.maxTokens); index += 1) {
          if (signal.aborted) return;
          yield { type: "tokens", ids: [id!] };
        }
        yield { type: "end", reason: "stop" };
      } finally {
        running -= 1;
      }
    }
    return { steps: steps(), timings: () => ({ queueMs: 0, visionMs: 0, prefillMs: 0, decodeMs: 0 }) };
  },
  load: () => ({ running, waiting: 0 }),
  counters: () => ({ steps: 0, imagesEncoded: 0, imagesReused: 0 }),
  close: async () => {},
};

const worker = new Worker(configuration.value, () => {});
await worker.listen();
const started = await worker.start(async () => ok({ engine, tokenizer }));
if (!started.ok) throw new Error(started.error);
