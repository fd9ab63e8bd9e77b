import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MODELS } from "../../core/models.ts";
import { Account } from "../account/account.ts";
import { FACTS, newAccount, recordBells, stopClock, travel } from "../account/testing/fixture.ts";
import { Pool } from "../pool/pool.ts";
import { QUESTION, send } from "../testing/ask.ts";
import { answerWith, playWorker, reportWorker } from "../testing/worker.ts";
import { JobRun } from "./job-run.ts";
import { jobImageKey, type StoredQuestion } from "./stored-question.ts";

beforeEach(() => {
  stopClock();
  recordBells();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const image = { digest: `sha256:${"0".repeat(64)}`, width: 8, height: 8, lowDetail: false } as const;

const request: StoredQuestion = {
  model: "tessera-tiny",
  messages: [{ role: "user", parts: [{ image: 0 }, { image: 1 }] }],
  images: [image, image],
  sampling: { maxTokens: 1, temperature: 0, topP: 1, seed: null, stop: [] },
  prompt: { imageTokens: 0, textTokens: 0 },
  price: { version: "tessera-tiny/1", imageToken: 1, textToken: 1, outputToken: 4, cacheHit: 0, minimum: 0 },
  cache: null,
  cached: null,
  trace: null,
};

it("waits for a worker that takes it when it was accepted without any", async () => {
  const { account, stub, key, keyHash } = await newAccount(1000);
  const frames = playWorker(() => answerWith(usage, '{"a":1}'));
  const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
  const job = await acceptJob(key, {
    ...QUESTION,
    response_format: { type: "json_schema", json_schema: { name: "a", schema } },
  });
  await reportWorker([]);
  await ring(account, job);
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "queued", attempt: 0 } });
  expect(frames).not.toHaveBeenCalled();
  await reportWorker(["response_format"]);
  await runDurableObjectAlarm(runOf(job));
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "succeeded", attempt: 1 } });
});

/** Each attempt fails at its second image, which is missing. */
it("keeps a job's images while an attempt is left, and no longer", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { account, stub, keyHash } = await newAccount(1000);
  const job = "job_1";
  const image = jobImageKey(account, job, 0);
  await env.IMAGES.put(image, "an image");
  await stub.accept(
    { keyHash, job, amount: 300, facts: FACTS },
    { job, model: request.model, request: JSON.stringify(request), webhook: null, idempotency: null },
  );
  await reportWorker();
  const run = env.JOB_RUN.get(env.JOB_RUN.idFromName(job));
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect(await env.IMAGES.head(image)).not.toBeNull();
    await run.start({ account, job });
    await runDurableObjectAlarm(run);
    expect(await stub.job(keyHash, job)).toMatchObject({ value: { attempt } });
  }
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "failed", charge: 0 } });
  expect(await env.IMAGES.head(image)).toBeNull();
});

const runOf = (job: string) => env.JOB_RUN.get(env.JOB_RUN.idFromName(job));
const usage = { imageTokens: 0, textTokens: 9, outputTokens: 2 };

/** A job that was accepted and waits for its doorbell. */
async function acceptJob(key: string, body: object = QUESTION): Promise<string> {
  const headers = { prefer: "respond-async" };
  const accepted = await send(key, "/v1/chat/completions", { headers, body });
  expect(accepted.status).toBe(202);
  return JSON.parse(accepted.text).id;
}

async function ring(account: string, job: string): Promise<void> {
  await runOf(job).start({ account, job });
  await runDurableObjectAlarm(runOf(job));
}

it("answers with the cached answer that it was accepted with, though the cache has lost it since", async () => {
  const { account, stub, key, keyHash } = await newAccount(1000);
  await reportWorker();
  const frames = playWorker(() => answerWith(usage, "Red."));
  await send(key, "/v1/chat/completions", { body: QUESTION });
  const { charged } = await stub.ledger();
  const job = await acceptJob(key);
  for (const { name } of (await env.RESULTS.list()).keys) await env.RESULTS.delete(name);
  await ring(account, job);
  const { price } = MODELS.find(({ id }) => id === "tessera-tiny")!;
  expect(await stub.job(keyHash, job)).toMatchObject({
    value: { state: "succeeded", answer: { text: "Red." }, cache: "hit", charge: price.cacheHit },
  });
  expect(await stub.ledger()).toMatchObject({ charged: charged + price.cacheHit, held: 0 });
  expect(frames).toHaveBeenCalledOnce();
});

/** Plays a worker that computes until the edge hangs up. */
function playSlowWorker() {
  return playWorker(
    (hungUp) =>
      new Promise((_, reject) => {
        hungUp.addEventListener("abort", () => reject(new Error("The edge hung up.")));
      }),
  );
}

it("fails with its deadline when a worker took too long, and charges nothing", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await reportWorker();
  const frames = playSlowWorker();
  const { account, stub, key, keyHash } = await newAccount(1000);
  const job = await acceptJob(key);
  const startAttempt = Account.prototype.startAttempt;
  vi.spyOn(Account.prototype, "startAttempt").mockImplementation(async function (this: Account, id) {
    const attempt = await startAttempt.call(this, id);
    // Five seconds of it are kept for what follows the generation.
    return attempt && { ...attempt, deadline: Date.now() + 5_200 };
  });
  await ring(account, job);
  expect(frames).toHaveBeenCalledOnce();
  expect(await stub.job(keyHash, job)).toMatchObject({
    value: { state: "failed", attempt: 1, charge: 0, failure: { code: "deadline_exceeded" } },
  });
  expect(await stub.ledger()).toMatchObject({ held: 0, charged: 0 });
});

describe("a cancellation that comes", () => {
  const cancel = (key: string, job: string) => send(key, `/v1/jobs/${job}/cancel`);
  let frames: ReturnType<typeof playSlowWorker>;

  beforeEach(async () => {
    await reportWorker();
    frames = playSlowWorker();
  });

  it("while an attempt begins stops it before any worker has it", async () => {
    const { account, stub, key, keyHash } = await newAccount(1000);
    const job = await acceptJob(key);
    const startAttempt = Account.prototype.startAttempt;
    const told = vi.spyOn(JobRun.prototype, "cancel");
    let canceled: ReturnType<typeof cancel> | undefined;
    vi.spyOn(Account.prototype, "startAttempt").mockImplementation(async function (this: Account, id) {
      const attempt = await startAttempt.call(this, id);
      canceled = cancel(key, job);
      await vi.waitUntil(() => told.mock.calls.length > 0);
      return attempt;
    });
    await ring(account, job);
    expect((await canceled)?.status).toBe(200);
    expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "canceled", charge: 0 } });
    expect(await stub.ledger()).toMatchObject({ held: 0, charged: 0 });
    expect(frames).not.toHaveBeenCalled();
  });

  it("just before an attempt begins stops that too", async () => {
    const { account, stub, key, keyHash } = await newAccount(1000);
    const job = await acceptJob(key);
    const cancelInAccount = Account.prototype.cancel;
    let rung: Promise<void> | undefined;
    vi.spyOn(Account.prototype, "cancel").mockImplementation(async function (this: Account, hash, id) {
      rung = ring(account, job);
      await vi.waitUntil(() => frames.mock.calls.length === 1);
      return cancelInAccount.call(this, hash, id);
    });
    expect((await cancel(key, job)).status).toBe(200);
    await rung;
    expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "canceled", charge: 0 } });
    expect(await stub.ledger()).toMatchObject({ held: 0, charged: 0 });
  });
});

/**
 * The last one here: the pool, which lives as long as this file, believes no report from before the time it travels to.
 */
it("goes back to waiting when the only worker that takes it leaves while it stands in line", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { account, stub, key, keyHash } = await newAccount(1000);
  playWorker(() => answerWith(usage, '{"a":1}'));
  const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
  await reportWorker(["response_format"]);
  const job = await acceptJob(key, {
    ...QUESTION,
    response_format: { type: "json_schema", json_schema: { name: "a", schema } },
  });
  const startAttempt = Account.prototype.startAttempt;
  vi.spyOn(Account.prototype, "startAttempt").mockImplementationOnce(async function (this: Account, id) {
    await reportWorker([]);
    return startAttempt.call(this, id);
  });
  const asked = vi.spyOn(Pool.prototype, "acquire");
  const attempted = ring(account, job);
  await vi.waitUntil(() => asked.mock.calls.length > 0);
  travel(120_000);
  await reportWorker([]);
  await attempted;
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "queued", attempt: 1 } });
  await reportWorker(["response_format"]);
  await ring(account, job);
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "succeeded", attempt: 2 } });
});
