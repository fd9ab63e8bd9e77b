/** Law: after an attached client leaves, the engine stops, and only what it had produced is paid. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { engineLoad, workerMetric } from "../helpers/gpu-worker.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { resettableRequest } from "../helpers/resettable-request.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { streamEvents } from "../helpers/stream.ts";

/** What the issue asks for. The load on the machine is in it: a step that has begun must end. */
const STOP_LIMIT_MS = 1_000;

let long: LongQuestion;

beforeAll(async () => {
  long = await findLongQuestion(await newAccount());
}, 240_000);

/** Watches the engine from the moment of leaving, and reports how long it went on. */
async function untilStopped(left: number, abortsBefore: number): Promise<void> {
  const product = sharedProduct();
  await until("an engine at rest", async () => (await engineLoad(product)).running === 0, { everyMs: 5 });
  const took = performance.now() - left;
  console.log(`The engine stopped ${Math.round(took)} ms after the client had left.`);
  expect(took).toBeLessThan(STOP_LIMIT_MS);
  // It did not come to its end by itself.
  await until("the worker's count of aborts", async () => {
    return (await workerMetric(product, "aborts_total")) === abortsBefore + 1;
  });
}

/** The account paid for its prompt and for some of the tokens, but not for all, and holds nothing. */
async function expectPartialCharge(account: Account, fewest: number): Promise<void> {
  const { charged } = await account.settledLedger();
  const worst = await account.count(long.body);
  expect(charged).toBeGreaterThanOrEqual(fewest);
  expect(charged).toBeLessThan(long.charge);
  expect(charged).toBeLessThan(worst.max_cost_microcredits);
  expect((charged - long.promptTokens) % 4).toBe(0);
}

describe("a client that leaves", () => {
  it("stops the engine of its stream, and pays for what it was shown", async () => {
    const account = await newAccount();
    const aborts = await workerMetric(sharedProduct(), "aborts_total");
    const leaving = new AbortController();
    const body = { ...long.body, stream: true };
    const response = await account.post("/v1/chat/completions", body, {}, leaving.signal);
    let shown = 0;
    for await (const event of streamEvents(response)) {
      if (event.type === "chunk" && event.chunk.choices[0]?.delta.content) shown++;
      if (shown === 2) break;
    }
    leaving.abort();
    await untilStopped(performance.now(), aborts);
    await expectPartialCharge(account, long.promptTokens + 4 * shown);
  });

  it("stops the engine of its whole answer too", async () => {
    const account = await newAccount();
    const product = sharedProduct();
    const aborts = await workerMetric(product, "aborts_total");
    const steps = await workerMetric(product, "engine_steps_total");
    const request = resettableRequest(account, long.body);
    await until(
      "the first steps",
      async () => (await workerMetric(product, "engine_steps_total")) >= steps + 3,
      { everyMs: 5 },
    );
    request.reset();
    const left = performance.now();
    await untilStopped(left, aborts);
    await expectPartialCharge(account, long.promptTokens + 4);
  });

  it("pays nothing if it left before the first token, and else for what was produced", async () => {
    const account = await newAccount();
    const leaving = new AbortController();
    const body = { ...long.body, stream: true };
    const response = await account.post("/v1/chat/completions", body, {}, leaving.signal);
    // The first chunk only names the role; whether a token follows before the leaving is noticed is the machine's
    // affair.
    await streamEvents(response).next();
    leaving.abort();
    const { charged } = await account.settledLedger();
    if (charged > 0) await expectPartialCharge(account, long.promptTokens + 4);
  });
});
