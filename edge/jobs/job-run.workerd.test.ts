import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FACTS, newAccount, recordBells, stopClock } from "../account/testing/fixture.ts";
import { reportWorker } from "../testing/worker.ts";
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
  trace: null,
};

/** Each attempt fails at its second picture, which is missing. */
it("keeps a job's pictures while an attempt is left, and no longer", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { account, stub, keyHash } = await newAccount(1000);
  const job = "job_1";
  const picture = jobImageKey(account, job, 0);
  await env.IMAGES.put(picture, "a picture");
  await stub.accept(
    { keyHash, job, amount: 300, facts: FACTS },
    { job, model: request.model, request: JSON.stringify(request), webhook: null, idempotency: null },
  );
  await reportWorker();
  const run = env.JOB_RUN.get(env.JOB_RUN.idFromName(job));
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect(await env.IMAGES.head(picture)).not.toBeNull();
    await run.start({ account, job });
    await runDurableObjectAlarm(run);
    expect(await stub.job(keyHash, job)).toMatchObject({ value: { attempt } });
  }
  expect(await stub.job(keyHash, job)).toMatchObject({ value: { state: "failed", charge: 0 } });
  expect(await env.IMAGES.head(picture)).toBeNull();
});
