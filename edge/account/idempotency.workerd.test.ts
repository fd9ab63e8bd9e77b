import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import type { Outcome, StoredRequest } from "./job-contract.ts";
import {
  ANSWER,
  DAY,
  FACTS,
  law,
  newAccount,
  newOwner,
  outcome,
  ringAlarm,
  rows,
  standStill,
  travel,
} from "./testing/fixture.ts";

const bells = standStill();

const idempotency = { key: "k", fingerprint: "f" };
const REUSED = { ok: false, error: { code: "idempotency_key_reused" } };

function stored(job: string, changes: Partial<StoredRequest> = {}): StoredRequest {
  return { job, model: "tessera-tiny", request: "{}", webhook: null, idempotency, ...changes };
}

/** An account with 1000 micro-credits, and a request's way into it. */
async function opened() {
  const account = await newAccount(1000);
  const { stub, keyHash } = account;
  const accept = (job: string, changes: Partial<StoredRequest> = {}) =>
    stub.accept({ keyHash, job, amount: 300, facts: FACTS }, stored(job, changes));
  const end = async (
    job: string,
    charge: number,
    changes: Partial<Pick<Outcome, "state" | "answer">> = {},
  ) => {
    const attempt = await stub.startAttempt(job);
    if (!attempt) throw new Error("No attempt was started.");
    const { lease } = attempt;
    await stub.finish(outcome(job, charge, { attempt: attempt.attempt, lease, ...changes }));
  };
  return { ...account, accept, end };
}

describe("an idempotency key", () => {
  it("stands for one job: of many at once one is accepted, held for and rung for", async () => {
    const { account, stub, accept } = await opened();
    const verdicts = await Promise.all(Array.from({ length: 20 }, (_, index) => accept(`job_${index}`)));
    const accepted = verdicts.map((verdict) => {
      if (!verdict.ok) throw new Error(verdict.error.code);
      return verdict.value;
    });
    expect(accepted.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const [job] = new Set(accepted.map(({ record }) => record.id));
    expect(new Set(accepted.map(({ record }) => record.id)).size).toBe(1);
    expect(await stub.ledger()).toMatchObject({ balance: 700, held: 300 });
    expect(bells).toEqual([{ account, job }]);
    expect(await law(stub)).toEqual([]);
  });

  it("gives the stored answer again, for nothing, also after an eviction", async () => {
    const { stub, keyHash, accept, end } = await opened();
    await accept("job_1");
    expect(await stub.recall(keyHash, idempotency)).toMatchObject({
      value: { id: "job_1", state: "queued" },
    });
    await end("job_1", 100);
    await evictDurableObject(stub);
    const answered = { id: "job_1", state: "succeeded", answer: ANSWER, charge: 100 };
    expect(await accept("job_2")).toMatchObject({ value: { replayed: true, record: answered } });
    expect(await stub.recall(keyHash, idempotency)).toMatchObject({ value: answered });
    expect(await stub.ledger()).toMatchObject({ balance: 900, held: 0, charged: 100 });
  });

  it("is refused with another body, and needs no credit again", async () => {
    const { stub, keyHash, accept, end } = await opened();
    await accept("job_1");
    await end("job_1", 300);
    await stub.takeBack({ id: "back", amount: 700 });
    const other = { key: "k", fingerprint: "other" };
    expect(await stub.recall(keyHash, other)).toEqual(REUSED);
    expect(await accept("job_2", { idempotency: other })).toEqual(REUSED);
    expect(await accept("job_2")).toMatchObject({ value: { replayed: true } });
    expect(await accept("job_2", { idempotency: null })).toMatchObject({
      error: { code: "insufficient_credit" },
    });
  });

  it("is given back by a job that fails, so that asking again is a real try", async () => {
    const { stub, keyHash, accept, end } = await opened();
    await accept("job_1");
    await end("job_1", 0, { state: "failed", answer: null });
    expect(await stub.recall(keyHash, idempotency)).toEqual({ ok: true, value: null });
    expect(await accept("job_2")).toMatchObject({ value: { replayed: false, record: { id: "job_2" } } });
    await end("job_2", 100);
    expect(await accept("job_3")).toMatchObject({ value: { replayed: true, record: { id: "job_2" } } });
    expect((await stub.ledger()).charged).toBe(100);
  });

  it("is not used up by a request that is refused", async () => {
    const { stub, keyHash } = await newAccount(100);
    const poor = await stub.accept({ keyHash, job: "job_1", amount: 300, facts: FACTS }, stored("job_1"));
    expect(poor).toMatchObject({ error: { code: "insufficient_credit" } });
    await stub.grant({ id: "more", amount: 900 });
    const other = { key: "k", fingerprint: "other" };
    const rich = { keyHash, job: "job_2", amount: 300, facts: FACTS };
    expect(await stub.accept(rich, stored("job_2", { idempotency: other }))).toMatchObject({ ok: true });
  });

  it("belongs to one account", async () => {
    const [one, other] = [await opened(), await opened()];
    await one.accept("job_1");
    expect(await other.stub.recall(other.keyHash, idempotency)).toEqual({ ok: true, value: null });
    expect(await other.accept("job_1")).toMatchObject({ value: { replayed: false } });
  });

  it("tells nothing to a key that was revoked or may not ask", async () => {
    const { stub, keyId, keyHash, accept } = await opened();
    await accept("job_1");
    await stub.revokeKey(await newOwner(stub), keyId);
    const refused = { ok: false, error: { code: "invalid_api_key" } };
    expect(await stub.recall(keyHash, idempotency)).toEqual(refused);
    expect(await accept("job_2")).toEqual(refused);
  });

  it("is forgotten with its job, a day after its end", async () => {
    const { stub, keyHash, accept, end } = await opened();
    await accept("job_1");
    await end("job_1", 100);
    travel(DAY - 1);
    await ringAlarm(stub);
    expect(await stub.recall(keyHash, idempotency)).toMatchObject({ value: { id: "job_1" } });
    travel(1);
    await ringAlarm(stub);
    expect(await rows(stub, "job")).toEqual([]);
    expect(await stub.recall(keyHash, idempotency)).toEqual({ ok: true, value: null });
  });
});
