import { describe, expect, it } from "vitest";
import { hashKey } from "../auth/key.ts";
import type { JobRange } from "./jobs.ts";
import {
  ANSWER,
  DAY,
  FACTS,
  inside,
  keyOptions,
  law,
  MINUTE,
  newAccount,
  outcome,
  ringAlarm,
  rows,
  type Stub,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";
import { accepted, of, STORED, start } from "./testing/jobs.ts";

const bells = standStill();

describe("a stored job", () => {
  it("is held for and written in one step, then rung for", async () => {
    const { account, stub, record } = await accepted();
    expect(record).toMatchObject({
      id: "job_1",
      model: "tessera-tiny",
      state: "queued",
      attempt: 0,
      createdAt: Date.now(),
      startedAt: null,
      finishedAt: null,
      answer: null,
      failure: null,
      cache: null,
      charge: 0,
    });
    expect(await stub.ledger()).toMatchObject({ balance: 700, held: 300 });
    expect(bells).toEqual([{ account, job: "job_1" }]);
    expect(await stub.queuedJob("job_1")).toMatchObject({ model: "tessera-tiny" });
  });

  it("is accepted once, whatever is asked again", async () => {
    const { stub, keyHash, record } = await accepted();
    expect(await stub.accept({ facts: FACTS, keyHash, job: "job_1", amount: 300 }, STORED)).toEqual({
      ok: true,
      value: { record, replayed: true, standings: [] },
    });
    expect((await stub.ledger()).held).toBe(300);
    const attempt = await start(stub);
    await stub.finish(outcome("job_1", 100, of(attempt)));
    bells.length = 0;
    expect(await stub.accept({ keyHash, job: "job_1", amount: 300, facts: FACTS }, STORED)).toMatchObject({
      value: { record: { state: "succeeded" }, replayed: true },
    });
    expect(await stub.ledger()).toMatchObject({ balance: 900, held: 0, charged: 100 });
    expect(bells).toEqual([]);
  });

  it("is refused without credit, and leaves nothing", async () => {
    const { stub, keyHash } = await newAccount(100);
    expect(await stub.accept({ facts: FACTS, keyHash, job: "job_1", amount: 300 }, STORED)).toMatchObject({
      error: { code: "insufficient_credit" },
    });
    expect(await rows(stub, "job")).toEqual([]);
    expect(await rows(stub, "hold")).toEqual([]);
    expect(bells).toEqual([]);
  });

  it("never takes the id of an attached request", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: Date.now() + MINUTE });
    const again = () =>
      inside(stub, (account) => account.accept({ facts: FACTS, keyHash, job: "job_1", amount: 300 }, STORED));
    await expect(again()).rejects.toThrow("never used again");
    await stub.settle(settlement("job_1", 1));
    await expect(again()).rejects.toThrow("never used again");
    expect(await law(stub)).toEqual([]);
  });

  it("runs, and ends with its answer and charge", async () => {
    const { stub, keyHash } = await accepted();
    const attempt = await start(stub);
    expect(attempt).toMatchObject({ attempt: 1, request: '{"q":1}', deadline: Date.now() + 120_000 });
    expect(await stub.startAttempt("job_1")).toBeNull();
    expect(await stub.queuedJob("job_1")).toBeNull();
    travel(5000);
    expect(await stub.finish(outcome("job_1", 100, of(attempt)))).toBe(true);
    expect(await stub.job(keyHash, "job_1")).toMatchObject({
      value: {
        state: "succeeded",
        answer: ANSWER,
        charge: 100,
        startedAt: Date.now() - 5000,
        finishedAt: Date.now(),
      },
    });
    expect(await stub.startAttempt("job_1")).toBeNull();
    expect(await law(stub)).toEqual([]);
  });

  it("ends as failed with its reason", async () => {
    const { stub, keyHash } = await accepted();
    const failure = { code: "engine_failed", message: "The engine stopped." };
    const failed = { state: "failed", answer: null, failure } as const;
    expect(await stub.finish(outcome("job_1", 0, { ...failed, ...of(await start(stub)) }))).toBe(true);
    expect(await stub.job(keyHash, "job_1")).toMatchObject({
      value: { state: "failed", failure, charge: 0 },
    });
    expect(await stub.ledger()).toMatchObject({ balance: 1000, held: 0 });
  });

  it("is unknown to another account", async () => {
    await accepted();
    const other = await newAccount(0);
    expect(await other.stub.job(other.keyHash, "job_1")).toEqual({ ok: true, value: null });
  });
});

it("is deleted a day after its end, answer and all", async () => {
  const { stub, keyHash } = await accepted();
  await stub.finish(outcome("job_1", 100, of(await start(stub))));
  travel(DAY - 1);
  await ringAlarm(stub);
  expect(await stub.job(keyHash, "job_1")).toMatchObject({ value: { answer: ANSWER } });
  travel(1);
  await ringAlarm(stub);
  expect(await stub.job(keyHash, "job_1")).toEqual({ ok: true, value: null });
  expect(await rows(stub, "job")).toEqual([]);
  expect(await stub.ledger()).toMatchObject({ charged: 100, held: 0 });
});

describe("canceling", () => {
  it("ends a job that waits for nothing, once, and voids an attempt that nobody reaches", async () => {
    const { stub, keyHash } = await accepted();
    const attempt = await start(stub);
    const canceled = { id: "job_1", state: "canceled", charge: 0, answer: null, failure: null };
    expect(await stub.cancel(keyHash, "job_1")).toMatchObject({ value: canceled });
    expect(await stub.cancel(keyHash, "job_1")).toMatchObject({ value: canceled });
    expect(await stub.finish(outcome("job_1", 100, of(attempt)))).toBe(false);
    expect(await stub.startAttempt("job_1")).toBeNull();
    expect(await stub.ledger()).toMatchObject({ balance: 1000, held: 0, charged: 0 });
    expect(await law(stub)).toEqual([]);
  });

  it("changes nothing of a job that has ended, and knows no other account's", async () => {
    const { stub, keyHash } = await accepted();
    await stub.finish(outcome("job_1", 100, of(await start(stub))));
    expect(await stub.cancel(keyHash, "job_1")).toMatchObject({ value: { state: "succeeded", charge: 100 } });
    const other = await newAccount(0);
    expect(await other.stub.cancel(other.keyHash, "job_1")).toEqual({ ok: true, value: null });
  });
});

describe("the list of jobs", () => {
  /** The ids of one page, and whether more follow; null when the cursor is unknown. */
  async function page(stub: Stub, keyHash: string, range: Partial<JobRange> = {}) {
    const read = await stub.jobs(keyHash, { limit: 100, ...range });
    if (!read.ok) throw new Error(read.error.code);
    return read.value && { ids: read.value.items.map(({ id }) => id), more: read.value.more };
  }

  async function withJobs(count: number) {
    const account = await newAccount(1000);
    const { stub, keyHash } = account;
    for (let job = 1; job <= count; job++) {
      const id = `job_${job}`;
      await stub.accept({ facts: FACTS, keyHash, job: id, amount: 10 }, { ...STORED, job: id });
    }
    return account;
  }

  it("has the latest first, page by page, each job once though others come meanwhile", async () => {
    const { stub, keyHash } = await withJobs(5);
    expect(await page(stub, keyHash, { limit: 2 })).toEqual({ ids: ["job_5", "job_4"], more: true });
    await stub.accept({ facts: FACTS, keyHash, job: "job_6", amount: 10 }, { ...STORED, job: "job_6" });
    const next = await page(stub, keyHash, { limit: 2, after: "job_4" });
    expect(next).toEqual({ ids: ["job_3", "job_2"], more: true });
    expect(await page(stub, keyHash, { limit: 2, after: "job_2" })).toEqual({ ids: ["job_1"], more: false });
    expect(await page(stub, keyHash, { after: "job_1" })).toEqual({ ids: [], more: false });
  });

  it("goes on with the latest first when the latest of all have been deleted", async () => {
    const { stub, keyHash } = await withJobs(3);
    for (const job of ["job_2", "job_3"]) await stub.cancel(keyHash, job);
    travel(DAY);
    await ringAlarm(stub);
    expect(await page(stub, keyHash)).toEqual({ ids: ["job_1"], more: false });
    await stub.accept({ facts: FACTS, keyHash, job: "job_0", amount: 10 }, { ...STORED, job: "job_0" });
    expect(await page(stub, keyHash)).toEqual({ ids: ["job_0", "job_1"], more: false });
  });

  it("ends a page early where answers are large, and goes on with the next", async () => {
    const { stub, keyHash } = await withJobs(8);
    const answer = JSON.stringify({ ...ANSWER, text: "a".repeat(1_900_000) });
    await inside(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE job SET answer = ? WHERE id <> 'job_7'", answer);
    });
    const first = ["job_8", "job_7", "job_6", "job_5", "job_4"];
    expect(await page(stub, keyHash)).toEqual({ ids: first, more: true });
    const rest = ["job_3", "job_2", "job_1"];
    expect(await page(stub, keyHash, { after: "job_4" })).toEqual({ ids: rest, more: false });
  });

  it("has those of one state", async () => {
    const { stub, keyHash } = await withJobs(4);
    await stub.cancel(keyHash, "job_4");
    await stub.cancel(keyHash, "job_2");
    await start(stub);
    const of = (state: JobRange["state"], range: Partial<JobRange> = {}) =>
      page(stub, keyHash, { state, ...range });
    expect(await of("queued")).toEqual({ ids: ["job_3"], more: false });
    expect(await of("running")).toEqual({ ids: ["job_1"], more: false });
    expect(await of("canceled", { limit: 1 })).toEqual({ ids: ["job_4"], more: true });
    expect(await of("canceled", { after: "job_4" })).toEqual({ ids: ["job_2"], more: false });
    expect(await of("failed")).toEqual({ ids: [], more: false });
  });

  it("is nobody's without the scope, and knows no other account's job", async () => {
    const { stub, keyHash } = await withJobs(1);
    const asker = await stub.createKey({ ...keyOptions, scopes: ["infer", "usage:read"] });
    const refused = await stub.jobs(await hashKey(asker.key), { limit: 1 });
    expect(refused).toMatchObject({ ok: false, error: { code: "insufficient_scope", scope: "jobs" } });
    const stranger = await newAccount(1000);
    expect(await page(stranger.stub, stranger.keyHash)).toEqual({ ids: [], more: false });
    expect(await page(stranger.stub, stranger.keyHash, { after: "job_1" })).toBeNull();
    expect(await page(stub, keyHash, { after: "job_none" })).toBeNull();
  });
});
