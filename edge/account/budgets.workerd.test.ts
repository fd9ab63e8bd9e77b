import { describe, expect, it, vi } from "vitest";
import { DAY, law, MINUTE, newAccount, settlement, standStill, travel } from "./testing/fixture.ts";
import { reserve } from "./testing/keys.ts";

standStill();

describe("a key's budget", () => {
  it("counts what is charged, day by day and month by month in UTC", async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 30, 12));
    const { stub, keyHash } = await newAccount(10_000, { budget: { total: 300, day: 100, month: 150 } });
    let jobs = 0;
    const spend = async (held: number, charged: number) => {
      const job = `spent_${jobs++}`;
      const verdict = await reserve(stub, keyHash, held, { job });
      if (!verdict.ok) return verdict.error;
      await stub.settle(settlement(job, charged));
      return null;
    };
    expect(await spend(100, 70)).toBeNull();
    expect(await spend(31, 0)).toMatchObject({ period: "day", left: 30, retryAfterMs: 12 * 60 * MINUTE });
    travel(DAY);
    expect(await spend(81, 0)).toMatchObject({ period: "month", left: 80, retryAfterMs: DAY / 2 });
    expect(await spend(80, 80)).toBeNull();
    travel(DAY);
    expect(await spend(100, 100)).toBeNull();
    expect(await spend(1, 1)).toMatchObject({ period: "day", left: 0 });
    travel(DAY);
    expect(await spend(50, 50)).toBeNull();
    expect(await spend(1, 1)).toMatchObject({ period: "total", left: 0, retryAfterMs: null });
    expect(await law(stub)).toEqual([]);
  });

  it("gives back what was held and not charged, to the day on which it was held", async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 30, 23, 59));
    const { stub, keyHash } = await newAccount(10_000, { budget: { total: null, day: 100, month: null } });
    await reserve(stub, keyHash, 100, { job: "late", expiresAt: Date.now() + 10 * MINUTE });
    travel(2 * MINUTE);
    await reserve(stub, keyHash, 40);
    await stub.settle(settlement("late", 10));
    expect(await reserve(stub, keyHash, 61)).toMatchObject({ error: { period: "day", left: 60 } });
    expect((await reserve(stub, keyHash, 60)).ok).toBe(true);
    expect(await law(stub)).toEqual([]);
  });

  it("is not given back by a refund: it bounds what the key asks for, not what the account pays in the end", async () => {
    const { stub, keyHash } = await newAccount(1000, { budget: { total: 100, day: null, month: null } });
    await reserve(stub, keyHash, 100, { job: "job_1" });
    await stub.settle(settlement("job_1", 100));
    const refunded = await stub.refund({ id: "refund", job: "job_1", amount: 100 });
    expect(refunded).toMatchObject({ value: { balance: 1000, charged: 0 } });
    expect(await reserve(stub, keyHash, 1)).toMatchObject({ error: { code: "budget_exceeded", left: 0 } });
    expect(await law(stub)).toEqual([]);
  });

  it("does not begin anew when the clock is set back", async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 30, 0, 1));
    const { stub, keyHash } = await newAccount(10_000, { budget: { total: null, day: 100, month: 100 } });
    await reserve(stub, keyHash, 100);
    travel(-5 * MINUTE);
    expect(await reserve(stub, keyHash, 1)).toMatchObject({ error: { code: "budget_exceeded" } });
  });

  it("refuses nothing but what it can't pay: a refusal counts nothing", async () => {
    const { stub, keyHash } = await newAccount(10_000, { budget: { total: 50, day: null, month: null } });
    const verdicts = await Promise.all(Array.from({ length: 200 }, () => reserve(stub, keyHash, 1)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(50);
    expect(await stub.ledger()).toMatchObject({ held: 50, balance: 9950 });
    expect(await law(stub)).toEqual([]);
  });
});
