/**
 * Law: preflight's numbers are the worker's numbers for the LLaVA checkpoints too. Their workers are real ones, with
 * their own tokenizers; only their engine is scripted.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { MODELS } from "../../core/models.ts";
import { loadScripted, scriptedEngine } from "../../gpu-worker/testing/engine.ts";
import { SECRET } from "../../gpu-worker/testing/frames.ts";
import { startingWorker, type TestWorker } from "../../gpu-worker/testing/worker.ts";
import { readVocabulary } from "../../gpu-worker/tokenizer.ts";
import { type Account, openAccount } from "../helpers/account.ts";
import { until } from "../helpers/poll.ts";
import { killAll } from "../helpers/processes.ts";
import { allGone, Product, temporaryHome } from "../helpers/product.ts";
import { bodyOf, countAll, randomRequest } from "../helpers/random-request.ts";

const readiness = z.object({ models: z.record(z.string(), z.boolean()) });
const ROUNDS = 5;
const REQUESTS_A_ROUND = 8;

const models = MODELS.filter(({ tokenizer }) => tokenizer !== "tessera-tiny");
const { home, remove } = temporaryHome();
const workers: TestWorker[] = [];
let product: Product | undefined;
let account: Account;

beforeAll(async () => {
  for (const model of models) {
    workers.push(await startingWorker({ model, worker: model.id, target: model.id }));
  }
  const targets = workers.map(({ url }, index) => [models[index]?.id, url]);
  product = await Product.start(home, {
    TESSERA_POOL_SECRET: SECRET,
    TESSERA_POOL_TARGETS: JSON.stringify(Object.fromEntries(targets)),
  });
  for (const [index, { worker }] of workers.entries()) {
    worker.heartbeats.target(product.address.url);
    const engine = scriptedEngine("a b c ", 0, REQUESTS_A_ROUND);
    const started = await worker.start(loadScripted(engine, await readVocabulary(models[index]!)));
    if (!started.ok) throw new Error(started.error);
  }
  const { url } = product.address;
  await until("a ready worker of each model", async () => {
    const response = await fetch(new URL("/readyz", url));
    return Object.values(readiness.parse(await response.json()).models).every(Boolean);
  });
  account = await openAccount(product.address, 1_000_000_000);
});
afterAll(async () => {
  await Promise.all(workers.map(({ worker }) => worker.stop(0)));
  const processes = product?.processes() ?? [];
  killAll(processes);
  await allGone(processes);
  remove();
});

it.each(models)("preflight equals usage for $id", async ({ id }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(randomRequest, { minLength: REQUESTS_A_ROUND, maxLength: REQUESTS_A_ROUND }),
      async (requests) => {
        // One picture on the largest canvas leaves room for its question, two may not.
        const bodies = requests.map((each) => bodyOf(each, id, 1));
        for (const { exact, before, after } of await countAll(account, bodies)) {
          expect(exact).toBe(true);
          expect(before).toEqual(after);
          expect(after[0]).toBe((after[1] ?? 0) + (after[2] ?? 0));
        }
      },
    ),
    { numRuns: ROUNDS, endOnFailure: true },
  );
});
