import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SCOPES } from "./scopes.ts";
import {
  FACTS,
  inAMinute,
  inside,
  law,
  MINUTE,
  newAccount,
  ringAlarm,
  rows,
  settlement,
  standStill,
  stubOf,
  travel,
} from "./testing/fixture.ts";

standStill();

describe("an account", () => {
  it("opens once, with its first credit", async () => {
    const { stub } = await newAccount(1000);
    const secret = await stub.webhookSecret();
    await stub.open({ name: "again", grant: { id: "first", amount: 5000 } });
    expect(await stub.ledger()).toEqual({ granted: 1000, balance: 1000, held: 0, charged: 0 });
    expect(await stub.webhookSecret()).toBe(secret);
  });

  it("grants once for each id, and takes back only what is free", async () => {
    const { stub, keyHash } = await newAccount(1000);
    const second = { id: "second", amount: 500 };
    await stub.grant(second);
    expect(await stub.grant(second)).toMatchObject({ value: { granted: 1500 } });
    const conflict = { ok: false, error: { code: "entry_conflict" } };
    expect(await stub.grant({ id: "second", amount: 501 })).toEqual(conflict);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 400, expiresAt: inAMinute() });
    expect(await stub.takeBack({ id: "back", amount: 1101 })).toEqual({
      ok: false,
      error: { code: "credit_not_free", balance: 1100 },
    });
    const taken = { ok: true, value: { granted: 400, balance: 0, held: 400, charged: 0 } };
    expect(await stub.takeBack({ id: "back", amount: 1100 })).toEqual(taken);
    expect(await stub.takeBack({ id: "back", amount: 1100 })).toEqual(taken);
    expect(await stub.takeBack({ id: "back", amount: 1 })).toEqual(conflict);
    expect(await law(stub)).toEqual([]);
  });

  it("refunds a job's charge, in parts and never more than it", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    const refund = (id: string, amount: number, job = "job_1") => stub.refund({ id, amount, job });
    const missing = { ok: false, error: { code: "charge_not_found" } };
    expect(await refund("a", 100)).toEqual(missing);
    await stub.settle(settlement("job_1", 250));
    expect(await refund("a", 100, "job_2")).toEqual(missing);
    expect(await refund("a", 100)).toMatchObject({ value: { balance: 850, charged: 150 } });
    expect(await refund("a", 100)).toMatchObject({ value: { balance: 850 } });
    expect(await refund("a", 100, "job_2")).toEqual({ ok: false, error: { code: "entry_conflict" } });
    expect(await refund("b", 151)).toEqual({ ok: false, error: { code: "refund_too_large", left: 150 } });
    expect(await refund("b", 150)).toMatchObject({ value: { balance: 1000, charged: 0 } });
    expect(await law(stub)).toEqual([]);
  });

  it("is granted no more than sums can carry exactly", async () => {
    const { stub } = await newAccount(1000);
    expect(await stub.grant({ id: "much", amount: 1e15 })).toEqual({
      ok: false,
      error: { code: "too_much_credit", left: 1e15 - 1000 },
    });
    for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      for (const book of ["grant", "takeBack"] as const) {
        const booked = inside(stub, (account) => account[book]({ id: `a${amount}`, amount }));
        await expect(booked).rejects.toThrow("whole number");
      }
    }
    expect(await stub.ledger()).toMatchObject({ granted: 1000 });
  });

  it("that was never opened refuses and stores nothing", async () => {
    const stub = stubOf("neverOpened0");
    const refused = { ok: false, error: { code: "invalid_api_key" } };
    const reservation = { facts: FACTS, keyHash: "00", job: "job_1", amount: 1, expiresAt: inAMinute() };
    const stored = { job: "job_1", model: "tessera-tiny", request: "{}", webhook: null, idempotency: null };
    expect(await stub.authorise("00", "infer")).toEqual(refused);
    expect(await stub.reserve(reservation)).toEqual(refused);
    expect(await stub.accept(reservation, stored)).toEqual(refused);
    expect(await stub.job("00", "job_1")).toEqual(refused);
    expect(await stub.settle(settlement("job_1", 1))).toBe(false);
    expect(await stub.startAttempt("job_1")).toBeNull();
    expect(await stub.queuedJob("job_1")).toBeNull();
    await stub.abandonAttempt({ job: "job_1", attempt: 1, lease: "x" });
    expect(await stub.revokeKey("00", "key_1")).toEqual(refused);
    expect(await stub.deriveKey("00", { name: "a" })).toEqual(refused);
    expect(await stub.listKeys("00", { limit: 1 })).toEqual(refused);
    expect(await stub.ledger()).toEqual({ granted: 0, balance: 0, held: 0, charged: 0 });
    await inside(stub, async (_, state) => {
      const tables = state.storage.sql.exec(
        "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'",
      );
      expect(tables.toArray()).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});

describe("reserve", () => {
  it("holds the worst case, once for each job", async () => {
    const { stub, keyHash } = await newAccount(1000);
    const reservation = { facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() };
    expect(await stub.reserve(reservation)).toMatchObject({ ok: true, value: { balance: 700 } });
    expect(await stub.reserve(reservation)).toMatchObject({ ok: true, value: { balance: 700 } });
    await stub.settle(settlement("job_1", 100));
    expect(await stub.reserve(reservation)).toMatchObject({ ok: true, value: { balance: 900 } });
    expect(await rows(stub, "hold")).toEqual([]);
  });

  it("refuses what the balance does not cover, and writes nothing", async () => {
    const { stub, keyHash } = await newAccount(1000);
    const before = await rows(stub, "entry");
    expect(
      await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 1001, expiresAt: inAMinute() }),
    ).toEqual({
      ok: false,
      error: { code: "insufficient_credit", needed: 1001, balance: 1000 },
    });
    expect(await rows(stub, "entry")).toEqual(before);
    expect(await rows(stub, "hold")).toEqual([]);
    expect(
      (await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 1000, expiresAt: inAMinute() })).ok,
    ).toBe(true);
  });

  it("lets exactly 50 of 200 at once into a budget for 50", async () => {
    const { stub, keyHash } = await newAccount(50 * 7);
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        stub.reserve({ facts: FACTS, keyHash, job: `job_${index}`, amount: 7, expiresAt: inAMinute() }),
      ),
    );
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(50);
    expect(await stub.ledger()).toEqual({ granted: 350, balance: 0, held: 350, charged: 0 });
    expect(await law(stub)).toEqual([]);
  });

  it("holds nothing for a cached answer, and still keeps books of it", async () => {
    const { stub, keyHash } = await newAccount(0);
    expect(
      (await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 0, expiresAt: inAMinute() })).ok,
    ).toBe(true);
    expect(await stub.settle(settlement("job_1", 0))).toBe(true);
    expect(await rows(stub, "entry")).toMatchObject([
      { kind: "grant" },
      { id: "job_1", kind: "charge", amount: 0 },
    ]);
  });
});

describe("settle", () => {
  it("charges once, and never more than was held", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    expect(await stub.settle(settlement("job_1", 5000))).toBe(true);
    expect(await stub.settle(settlement("job_1", 200))).toBe(false);
    expect(await stub.ledger()).toEqual({ granted: 1000, balance: 700, held: 0, charged: 300 });
    expect(await law(stub)).toEqual([]);
  });

  it("lets one of many at once win", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => stub.settle(settlement("job_1", 10 + index))),
    );
    expect(verdicts.filter(Boolean)).toHaveLength(1);
    expect((await stub.ledger()).charged).toBe(10);
  });

  it("refuses what was never held", async () => {
    const { stub } = await newAccount(1000);
    expect(await stub.settle(settlement("job_unknown", 10))).toBe(false);
    expect(await rows(stub, "entry")).toHaveLength(1);
  });

  it("takes the charge of the present attempt alone", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    expect(await stub.settle(settlement("job_1", 10, 2))).toBe(false);
    expect(await stub.supersede({ job: "job_1", attempt: 2 })).toBe(true);
    expect(await stub.settle(settlement("job_1", 20))).toBe(false);
    expect(await stub.supersede({ job: "job_1", attempt: 1 })).toBe(false);
    expect(await stub.settle(settlement("job_1", 30, 2))).toBe(true);
    expect(await stub.supersede({ job: "job_1", attempt: 3 })).toBe(false);
    expect(await stub.ledger()).toEqual({ granted: 1000, balance: 970, held: 0, charged: 30 });
    expect(await law(stub)).toEqual([]);
  });

  it("forgives an outcome that comes after its hold has expired, and notes it once", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    travel(MINUTE);
    await ringAlarm(stub);
    expect(await stub.ledger()).toEqual({ granted: 1000, balance: 1000, held: 0, charged: 0 });
    expect(await stub.settle(settlement("job_1", 100))).toBe(false);
    expect(await stub.settle(settlement("job_1", 100))).toBe(false);
    expect(await rows(stub, "entry")).toMatchObject([
      { kind: "grant", amount: 1000 },
      { id: "job_1", kind: "expired", amount: 0 },
      { id: "job_1", kind: "forgiven", amount: 0 },
    ]);
    expect(await law(stub)).toEqual([]);
  });

  it("throws at an amount that is no whole number, and changes nothing", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
    for (const charge of [-1, 0.5, Number.NaN]) {
      await expect(inside(stub, (account) => account.settle(settlement("job_1", charge)))).rejects.toThrow(
        "whole number",
      );
    }
    expect(await stub.ledger()).toMatchObject({ held: 300, charged: 0 });
  });
});

describe("the alarm", () => {
  it("gives back only what is due", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 100, expiresAt: Date.now() + MINUTE });
    await stub.reserve({
      facts: FACTS,
      keyHash,
      job: "job_2",
      amount: 10,
      expiresAt: Date.now() + 2 * MINUTE,
    });
    await ringAlarm(stub);
    expect((await stub.ledger()).held).toBe(110);
    travel(MINUTE);
    await ringAlarm(stub);
    expect((await stub.ledger()).held).toBe(10);
    travel(MINUTE);
    await ringAlarm(stub);
    expect((await stub.ledger()).held).toBe(0);
  });

  it("gives back more holds than one round takes", async () => {
    const { stub, keyHash } = await newAccount(1000);
    await inside(stub, async (account) => {
      for (let job = 0; job < 250; job++) {
        await account.reserve({
          facts: FACTS,
          keyHash,
          job: `job_${job}`,
          amount: 1,
          expiresAt: inAMinute(),
        });
      }
    });
    travel(MINUTE);
    for (let round = 0; round < 3; round++) await ringAlarm(stub);
    expect(await stub.ledger()).toMatchObject({ balance: 1000, held: 0 });
  });
});

it("keeps everything over an eviction", async () => {
  const { stub, keyHash, keyId } = await newAccount(1000, { scopes: SCOPES });
  await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 300, expiresAt: inAMinute() });
  const [ledger, keys, secret] = await Promise.all([
    stub.ledger(),
    stub.listKeys(keyHash, { limit: 100 }),
    stub.webhookSecret(),
  ]);
  await evictDurableObject(stub);
  expect(await stub.ledger()).toEqual(ledger);
  expect(await stub.listKeys(keyHash, { limit: 100 })).toEqual(keys);
  expect(await stub.webhookSecret()).toBe(secret);
  expect(await stub.authorise(keyHash, "infer")).toMatchObject({ ok: true, value: { keyId } });
  travel(MINUTE);
  await evictDurableObject(stub);
  await ringAlarm(stub);
  expect((await stub.ledger()).held).toBe(0);
});
