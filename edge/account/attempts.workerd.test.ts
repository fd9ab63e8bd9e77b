import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import {
  inside,
  law,
  MINUTE,
  outcome,
  ringAlarm,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";
import { accepted, of, start } from "./testing/jobs.ts";

const bells = standStill();

describe("the fence", () => {
  it("refuses an attempt that a later one has overtaken", async () => {
    const { stub, keyHash } = await accepted();
    const first = await start(stub);
    travel(120_000);
    const second = await start(stub);
    expect(second).toMatchObject({ attempt: 2 });
    expect(await stub.finish(outcome("job_1", 300, of(first)))).toBe(false);
    expect(await stub.finish(outcome("job_1", 300, { attempt: 2, lease: first.lease }))).toBe(false);
    expect(await stub.settle(settlement("job_1", 300))).toBe(false);
    expect(await stub.ledger()).toMatchObject({ held: 300, charged: 0 });
    expect(await stub.finish(outcome("job_1", 50, of(second)))).toBe(true);
    expect(await stub.finish(outcome("job_1", 60, of(second)))).toBe(false);
    expect(await stub.job(keyHash, "job_1")).toMatchObject({ value: { attempt: 2, charge: 50 } });
    expect(await law(stub)).toEqual([]);
  });

  it("still takes a late outcome while nobody has begun again", async () => {
    const { stub } = await accepted();
    const attempt = await start(stub);
    travel(10 * MINUTE);
    await ringAlarm(stub);
    expect(await stub.finish(outcome("job_1", 50, of(attempt)))).toBe(true);
  });

  it("voids an attempt that was given up", async () => {
    const { stub } = await accepted();
    const first = await start(stub);
    await stub.abandonAttempt({ job: "job_1", attempt: 1, lease: "another" });
    expect(await stub.queuedJob("job_1")).toBeNull();
    await stub.abandonAttempt({ job: "job_1", ...of(first) });
    expect(await stub.queuedJob("job_1")).toMatchObject({ model: "tessera-tiny" });
    expect(await stub.finish(outcome("job_1", 50, of(first)))).toBe(false);
    expect(await start(stub)).toMatchObject({ attempt: 2 });
    await stub.abandonAttempt({ job: "job_1", ...of(first) });
    expect(await stub.startAttempt("job_1")).toBeNull();
  });

  it("is one for many who start at once", async () => {
    const { stub } = await accepted();
    const attempts = await Promise.all(Array.from({ length: 10 }, () => stub.startAttempt("job_1")));
    expect(attempts.filter((attempt) => attempt !== null)).toHaveLength(1);
  });
});

describe("a job that keeps failing", () => {
  const exhausted = {
    state: "failed",
    attempt: 5,
    charge: 0,
    failure: { code: "attempts_exhausted", message: "The job was tried 5 times without an outcome." },
  };

  it("ends after five attempts that ran out of time, by the alarm alone", async () => {
    const { stub, keyHash } = await accepted();
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await start(stub)).toMatchObject({ attempt });
      travel(120_000);
    }
    await ringAlarm(stub);
    expect(await stub.job(keyHash, "job_1")).toMatchObject({ value: exhausted });
    expect(await stub.ledger()).toMatchObject({ balance: 1000, held: 0, charged: 0 });
    expect(await law(stub)).toEqual([]);
  });

  it("ends when a sixth attempt is asked for", async () => {
    const { stub, keyHash } = await accepted();
    for (let attempt = 1; attempt <= 5; attempt++) {
      await start(stub);
      travel(120_000);
    }
    expect(await stub.startAttempt("job_1")).toBeNull();
    expect(await stub.job(keyHash, "job_1")).toMatchObject({ value: exhausted });
  });

  it("ends when its fifth attempt is given up", async () => {
    const { stub, keyHash } = await accepted();
    for (let attempt = 1; attempt <= 5; attempt++) {
      await stub.abandonAttempt({ job: "job_1", ...of(await start(stub)) });
    }
    expect(await stub.job(keyHash, "job_1")).toMatchObject({ value: exhausted });
  });
});

describe("the doorbell", () => {
  it("rings again and again, more and more slowly, until an attempt starts", async () => {
    const { stub } = await accepted();
    const rung = await inside(stub, async (account) => {
      const rung: number[] = [];
      for (let second = 5; second <= 1200; second += 5) {
        travel(5000);
        bells.length = 0;
        await account.alarm();
        if (bells.length > 0) rung.push(second);
      }
      return rung;
    });
    expect(rung).toEqual([5, 15, 35, 75, 155, 315, 615, 915]);
    await start(stub);
    bells.length = 0;
    travel(119_000);
    await ringAlarm(stub);
    expect(bells).toEqual([]);
  });

  it("rings for an attempt whose time is over", async () => {
    const { account, stub } = await accepted();
    await start(stub);
    bells.length = 0;
    travel(120_000);
    await evictDurableObject(stub);
    await ringAlarm(stub);
    expect(bells).toEqual([{ account, job: "job_1" }]);
    expect(await start(stub)).toMatchObject({ attempt: 2 });
  });

  it("rings soon for an attempt that was given up", async () => {
    const { account, stub } = await accepted();
    await stub.abandonAttempt({ job: "job_1", ...of(await start(stub)) });
    bells.length = 0;
    travel(2000);
    await ringAlarm(stub);
    expect(bells).toEqual([{ account, job: "job_1" }]);
  });

  it("may be out of order when a job is accepted", async () => {
    vi.spyOn(Object.getPrototypeOf(env.JOBS), "sendBatch").mockRejectedValueOnce(
      new Error("The queue is away."),
    );
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { account, stub } = await accepted();
    expect(bells).toEqual([]);
    expect(log).toHaveBeenCalledOnce();
    travel(5000);
    await ringAlarm(stub);
    expect(bells).toEqual([{ account, job: "job_1" }]);
  });
});
