import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hashKey, readKey } from "../../auth/key.ts";
import { CALLS_PER_MINUTE } from "../calls.ts";
import { SCOPES } from "../scopes.ts";
import {
  DAY,
  FACTS,
  inside,
  keyOptions,
  law,
  MINUTE,
  newAccount,
  recordBells,
  type Stub,
  settlement,
  stopClock,
  travel,
} from "../testing/fixture.ts";
import type { KeyChanges, NewKey } from "./contract.ts";
import { MAX_KEYS, MAX_LINEAGE } from "./make.ts";

const ALL = { limit: 100 };

beforeEach(() => {
  stopClock();
  recordBells();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const inAMinute = () => Date.now() + MINUTE;
const INVALID = { ok: false, error: { code: "invalid_api_key" } };
const EXPIRED = { ok: false, error: { code: "api_key_expired" } };

/** An account whose key may do everything. */
const newOwner = (credit: number) => newAccount(credit, { scopes: SCOPES });

/** A key made by another. */
async function derive(stub: Stub, makerHash: string, options: Partial<NewKey> = {}) {
  const made = await stub.deriveKey(makerHash, { name: "made", ...options });
  if (!made.ok) throw new Error(made.error.code);
  const { key, record } = made.value;
  return { key, keyHash: await hashKey(key), keyId: record.id, record };
}

let jobs = 0;
const reserve = (stub: Stub, keyHash: string, amount: number, changes = {}) =>
  stub.reserve({ facts: FACTS, keyHash, job: `job_${jobs++}`, amount, expiresAt: inAMinute(), ...changes });

describe("a key", () => {
  it("names its account, and is listed without being shown", async () => {
    const { account, stub, key, keyId, keyHash } = await newOwner(0);
    expect(await readKey(key, env.KEY_SECRET)).toEqual({ account, hash: keyHash });
    const listed = await stub.listKeys(keyHash, ALL);
    if (!listed.ok) throw new Error(listed.error.code);
    const [record] = listed.value?.items ?? [];
    expect(record).toMatchObject({ ...keyOptions, scopes: [...SCOPES], id: keyId, revokedAt: null });
    expect(JSON.stringify(listed)).not.toContain(key);
    expect(key.startsWith(record?.start ?? "-")).toBe(true);
  });

  it("knows itself, and the account's money if it may see usage", async () => {
    const { stub, keyHash, keyId, account } = await newOwner(1000);
    const { key, record } = await derive(stub, keyHash, { name: "asker", scopes: ["infer"] });
    const asker = await hashKey(key);
    await stub.reserve({ facts: FACTS, keyHash: asker, job: "job_1", amount: 300, expiresAt: inAMinute() });
    const own = await stub.ownKey(asker);
    expect(own).toMatchObject({ value: { id: record.id, scopes: ["infer"], used: { total: 300 } } });
    expect(await stub.ownKey(keyHash)).toMatchObject({ value: { id: keyId, used: { total: 300 } } });
    expect(await stub.standing(keyHash)).toEqual({
      ok: true,
      value: {
        profile: { id: account, name: "tests", suspendedAt: null },
        ledger: { granted: 1000, balance: 700, held: 300, charged: 0 },
      },
    });
    const refused = { ok: false, error: { code: "insufficient_scope", scope: "usage:read" } };
    expect(await stub.standing(asker)).toEqual(refused);
    await stub.revokeKey(keyHash, record.id);
    expect(await stub.ownKey(asker)).toEqual(INVALID);
  });

  it("is refused everywhere from its revocation on; other keys live on", async () => {
    const { stub, keyHash: owner } = await newOwner(1000);
    const { keyHash, keyId } = await derive(stub, owner);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 10, expiresAt: inAMinute() });
    expect(await stub.revokeKey(owner, keyId)).toMatchObject({ ok: true });
    const reservation = { facts: FACTS, keyHash, job: "job_2", amount: 10, expiresAt: inAMinute() };
    const stored = { job: "job_2", model: "tessera-tiny", request: "{}", webhook: null, idempotency: null };
    expect(await stub.authorise(keyHash, "infer")).toEqual(INVALID);
    expect(await stub.reserve(reservation)).toEqual(INVALID);
    expect(await stub.reserve({ ...reservation, job: "job_1" })).toEqual(INVALID);
    expect(await stub.accept(reservation, stored)).toEqual(INVALID);
    expect(await stub.job(keyHash, "job_1")).toEqual(INVALID);
    expect(await stub.listKeys(keyHash, ALL)).toEqual(INVALID);
    expect(await stub.readKey(keyHash, keyId)).toEqual(INVALID);
    expect(await stub.deriveKey(keyHash, { name: "again" })).toEqual(INVALID);
    expect(await stub.updateKey(keyHash, keyId, {})).toEqual(INVALID);
    expect(await stub.rotateKey(keyHash, keyId, 0)).toEqual(INVALID);
    expect(await stub.revokeKey(keyHash, keyId)).toEqual(INVALID);
    expect(await stub.webhookEndpoint(keyHash)).toEqual(INVALID);
    expect(await stub.setWebhookEndpoint(keyHash, null)).toEqual(INVALID);

    const again = await stub.revokeKey(owner, keyId);
    expect(again).toMatchObject({ ok: true });
    const missing = { ok: false, error: { code: "key_not_found" } };
    expect(await stub.revokeKey(owner, "key_unknown")).toEqual(missing);
    const gone = { ok: false, error: { code: "key_revoked" } };
    expect(await stub.rotateKey(owner, keyId, 0)).toEqual(gone);
    expect(await stub.updateKey(owner, keyId, { name: "back" })).toEqual(gone);
    expect((await stub.authorise(owner, "infer")).ok).toBe(true);
    // What the key had begun is still paid.
    expect(await stub.settle(settlement("job_1", 4))).toBe(true);
    expect(await law(stub)).toEqual([]);
  });

  it("is refused once it has expired", async () => {
    const { stub, keyHash } = await newAccount(1000, { expiresAt: inAMinute() });
    expect((await stub.authorise(keyHash, "infer")).ok).toBe(true);
    travel(MINUTE);
    expect(await stub.authorise(keyHash, "infer")).toEqual(EXPIRED);
    expect(await reserve(stub, keyHash, 1)).toEqual(EXPIRED);
  });

  it("may do only what its scopes name, and ask only its models", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["jobs"] });
    const lacks = (scope: string) => ({ ok: false, error: { code: "insufficient_scope", scope } });
    expect(await stub.authorise(keyHash, "keys:write")).toEqual(lacks("keys:write"));
    expect(await reserve(stub, keyHash, 1)).toEqual(lacks("infer"));
    expect(await stub.listKeys(keyHash, ALL)).toEqual(lacks("keys:write"));
    expect(await stub.webhookEndpoint(keyHash)).toEqual(lacks("webhooks:write"));
    expect((await stub.job(keyHash, "job_1")).ok).toBe(true);

    const limited = await newAccount(1000, { models: ["llava-v1.6-34b"] });
    const refused = { ok: false, error: { code: "model_not_allowed", model: "tessera-tiny" } };
    expect(await reserve(limited.stub, limited.keyHash, 1)).toEqual(refused);
    const call = { model: "tessera-tiny" };
    expect(await limited.stub.authorise(limited.keyHash, "infer", call)).toEqual(refused);
    expect(
      (await reserve(limited.stub, limited.keyHash, 1, { facts: { ...FACTS, model: "llava-v1.6-34b" } })).ok,
    ).toBe(true);
  });

  it("of another account is unknown here", async () => {
    const [mine, theirs] = [await newOwner(1000), await newOwner(1000)];
    expect(await mine.stub.authorise(theirs.keyHash, "infer")).toEqual(INVALID);
    expect(await mine.stub.readKey(mine.keyHash, theirs.keyId)).toEqual({
      ok: false,
      error: { code: "key_not_found" },
    });
  });

  it("opens nothing while its account is suspended", async () => {
    const { stub, keyHash } = await newOwner(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 10, expiresAt: inAMinute() });
    expect(await stub.suspend(true)).toMatchObject({ suspendedAt: Date.now() });
    const suspended = { ok: false, error: { code: "account_suspended" } };
    expect(await stub.authorise(keyHash, "infer")).toEqual(suspended);
    expect(await reserve(stub, keyHash, 1)).toEqual(suspended);
    expect(await stub.listKeys(keyHash, ALL)).toEqual(suspended);
    expect(await stub.settle(settlement("job_1", 4))).toBe(true);
    expect(await stub.suspend(false)).toMatchObject({ suspendedAt: null });
    expect((await reserve(stub, keyHash, 1)).ok).toBe(true);
  });

  it("tells when it was last used, without a write for every call", async () => {
    const { stub, keyHash, keyId } = await newOwner(1000);
    const lastUsed = async () => {
      const record = await stub.readKey(keyHash, keyId);
      return record.ok && record.value.lastUsedAt;
    };
    expect(await lastUsed()).toBeNull();
    const first = Date.now();
    await stub.authorise(keyHash, "infer");
    travel(59 * MINUTE);
    await stub.authorise(keyHash, "infer");
    expect(await lastUsed()).toBe(first);
    travel(MINUTE);
    await stub.authorise(keyHash, "infer");
    expect(await lastUsed()).toBe(first + 60 * MINUTE);
    travel(1);
    await reserve(stub, keyHash, 1);
    expect(await lastUsed()).toBe(Date.now());
  });
});

describe("a key that another makes", () => {
  it("has its maker's options unless it is given less", async () => {
    const { stub, keyHash, keyId } = await newAccount(1000, {
      scopes: ["infer", "keys:write"],
      models: ["tessera-tiny"],
      expiresAt: inAMinute(),
      limits: { requestsPerMinute: 30, tokensPerMinute: 500, concurrency: 3 },
      budget: { total: 100, day: 50, month: null },
    });
    const { record } = await derive(stub, keyHash);
    expect(record).toMatchObject({
      scopes: ["infer", "keys:write"],
      models: ["tessera-tiny"],
      limits: { requestsPerMinute: 30, tokensPerMinute: 500, concurrency: 3 },
      budget: { total: 100, day: 50, month: null },
      createdBy: keyId,
    });
    const less = await derive(stub, keyHash, { scopes: ["infer"], budget: { total: 10, month: 5 } });
    expect(less.record).toMatchObject({ scopes: ["infer"], budget: { total: 10, day: 50, month: 5 } });
  });

  it("never has more than its maker, nor can its maker manage a key that has", async () => {
    const { stub, keyHash: owner, keyId: ownerId } = await newOwner(1000);
    const maker = await derive(stub, owner, {
      scopes: ["infer", "keys:write"],
      models: ["tessera-tiny"],
      expiresAt: inAMinute(),
      limits: { requestsPerMinute: 30, tokensPerMinute: 500, concurrency: 3 },
      budget: { total: 100, day: 50, month: 80 },
    });
    const more: readonly (readonly [string, KeyChanges])[] = [
      ["scopes", { scopes: ["infer", "jobs"] }],
      ["models", { models: null }],
      ["models", { models: ["tessera-tiny", "llava-v1.6-34b"] }],
      ["expiresAt", { expiresAt: null }],
      ["expiresAt", { expiresAt: inAMinute() + 1 }],
      ["requestsPerMinute", { limits: { requestsPerMinute: 31 } }],
      ["tokensPerMinute", { limits: { tokensPerMinute: null } }],
      ["concurrency", { limits: { concurrency: 4 } }],
      ["budget.total", { budget: { total: null } }],
      ["budget.day", { budget: { day: 51 } }],
      ["budget.month", { budget: { month: 81 } }],
    ];
    const made = await derive(stub, maker.keyHash);
    for (const [option, changes] of more) {
      const refused = { ok: false, error: { code: "exceeds_own_key", option } };
      expect(await stub.deriveKey(maker.keyHash, { ...changes, name: "more" })).toEqual(refused);
      expect(await stub.updateKey(maker.keyHash, made.keyId, changes)).toEqual(refused);
      expect(await stub.updateKey(maker.keyHash, maker.keyId, changes)).toEqual(refused);
    }
    const stronger = { ok: false, error: { code: "exceeds_own_key", option: "scopes" } };
    expect(await stub.rotateKey(maker.keyHash, ownerId, 0)).toEqual(stronger);
    expect(await stub.updateKey(maker.keyHash, ownerId, { name: "mine" })).toEqual(stronger);
    expect(await stub.revokeKey(maker.keyHash, ownerId)).toEqual(stronger);
    expect((await stub.authorise(owner, "infer")).ok).toBe(true);
    expect(await stub.updateKey(owner, maker.keyId, { budget: { total: 200 } })).toMatchObject({ ok: true });
  });

  it("is managed by those that it descends from and by an owner's key, so that no budget is taken over", async () => {
    const { stub, keyHash: owner } = await newOwner(1000);
    const scopes = ["infer", "keys:write"] as const;
    const keeper = await derive(stub, owner, { scopes, budget: { total: 100 } });
    const other = await derive(stub, owner, { scopes: ["infer"], budget: { total: 100 } });
    const unbounded = await derive(stub, owner, { scopes });
    const foreign = { ok: false, error: { code: "exceeds_own_key", option: null } };
    for (const asker of [keeper, unbounded]) {
      expect(await stub.rotateKey(asker.keyHash, other.keyId, 0)).toEqual(foreign);
      expect(await stub.updateKey(asker.keyHash, other.keyId, { budget: { total: 50 } })).toEqual(foreign);
      expect(await stub.revokeKey(asker.keyHash, other.keyId)).toEqual(foreign);
    }
    expect((await stub.authorise(other.keyHash, "infer")).ok).toBe(true);

    const child = await derive(stub, keeper.keyHash);
    const grandchild = await derive(stub, child.keyHash);
    expect((await stub.rotateKey(keeper.keyHash, grandchild.keyId, MINUTE)).ok).toBe(true);
    expect((await stub.updateKey(keeper.keyHash, keeper.keyId, { name: "myself" })).ok).toBe(true);
    expect(await stub.revokeKey(child.keyHash, keeper.keyId)).toEqual(foreign);
    expect((await stub.revokeKey(owner, grandchild.keyId)).ok).toBe(true);

    const second = await stub.createKey({ ...keyOptions, scopes: SCOPES });
    const secondHash = await hashKey(second.key);
    expect((await stub.revokeKey(secondHash, child.keyId)).ok).toBe(true);
    await stub.updateKey(secondHash, second.record.id, { budget: { total: 100 } });
    expect(await stub.revokeKey(secondHash, keeper.keyId)).toEqual(foreign);
  });

  it("spends its maker's budget too, so that a budget can't be multiplied", async () => {
    const { stub, keyHash: owner } = await newOwner(10_000);
    const maker = await derive(stub, owner, { budget: { total: 100 } });
    const [one, other] = [await derive(stub, maker.keyHash), await derive(stub, maker.keyHash)];
    expect((await reserve(stub, one.keyHash, 60)).ok).toBe(true);
    expect(await reserve(stub, other.keyHash, 60)).toMatchObject({
      error: { code: "budget_exceeded", period: "total", key: maker.keyId, needed: 60, left: 40 },
    });
    expect((await reserve(stub, other.keyHash, 40)).ok).toBe(true);
    expect(await reserve(stub, maker.keyHash, 1)).toMatchObject({ error: { code: "budget_exceeded" } });
    // Also after its maker is gone.
    await stub.revokeKey(owner, maker.keyId);
    expect(await reserve(stub, one.keyHash, 1)).toMatchObject({ error: { code: "budget_exceeded" } });
    expect((await reserve(stub, owner, 1)).ok).toBe(true);
    expect(await law(stub)).toEqual([]);
  });
});

describe("a rotated key", () => {
  it("goes by both texts during the overlap, with one id, one budget and one rate", async () => {
    const { stub, keyHash: owner } = await newOwner(1000);
    const first = await derive(stub, owner, { budget: { total: 100 } });
    await reserve(stub, first.keyHash, 60);
    const rotated = await stub.rotateKey(owner, first.keyId, MINUTE);
    if (!rotated.ok) throw new Error(rotated.error.code);
    const { key, record } = rotated.value;
    const second = await hashKey(key);
    expect(record).toMatchObject({ id: first.keyId, used: { total: 60 } });
    expect(record.start).toBe(key.slice(0, 20));
    for (const hash of [first.keyHash, second]) {
      expect(await stub.authorise(hash, "infer")).toMatchObject({ value: { keyId: first.keyId } });
      expect(await reserve(stub, hash, 41)).toMatchObject({ error: { code: "budget_exceeded" } });
    }
    travel(MINUTE);
    expect(await stub.authorise(first.keyHash, "infer")).toEqual(EXPIRED);
    expect((await stub.authorise(second, "infer")).ok).toBe(true);
    await stub.revokeKey(owner, first.keyId);
    for (const hash of [first.keyHash, second]) expect(await stub.authorise(hash, "infer")).toEqual(INVALID);
  });

  it("ends its former text at once without an overlap, and never later than it was to end", async () => {
    const { stub, keyHash: owner } = await newOwner(1000);
    const first = await derive(stub, owner);
    const second = await stub.rotateKey(owner, first.keyId, MINUTE);
    if (!second.ok) throw new Error(second.error.code);
    await stub.rotateKey(owner, first.keyId, 10 * MINUTE);
    travel(MINUTE);
    expect(await stub.authorise(first.keyHash, "infer")).toEqual(EXPIRED);
    const hash = await hashKey(second.value.key);
    expect((await stub.authorise(hash, "infer")).ok).toBe(true);
    await stub.rotateKey(owner, first.keyId, 0);
    expect(await stub.authorise(hash, "infer")).toEqual(EXPIRED);
  });
});

describe("a key's budget", () => {
  it("counts what is charged, day by day and month by month in UTC", async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 30, 12));
    const { stub, keyHash } = await newAccount(10_000, { budget: { total: 300, day: 100, month: 150 } });
    const spend = async (held: number, charged: number) => {
      const job = `job_${jobs++}`;
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

describe("the limits of a key", () => {
  it("let a minute's requests pass at once, then one at a time", async () => {
    const { stub, keyHash } = await newAccount(1000, {
      limits: { ...keyOptions.limits, requestsPerMinute: 3 },
    });
    const ask = () => reserve(stub, keyHash, 1, { expiresAt: Date.now() + 10 * MINUTE });
    for (const remaining of [2, 1, 0]) {
      expect(await ask()).toMatchObject({
        value: { standings: [{ name: "requests", limit: 3, remaining }] },
      });
    }
    const refused = { error: { code: "rate_limit_exceeded", exceeded: { limit: 3, nextMs: 20_000 } } };
    expect(await ask()).toMatchObject(refused);
    expect(await ask()).toMatchObject(refused);
    travel(19_999);
    expect(await ask()).toMatchObject({ error: { exceeded: { nextMs: 1 } } });
    travel(1);
    expect((await ask()).ok).toBe(true);
    expect((await ask()).ok).toBe(false);
    travel(MINUTE);
    for (let request = 0; request < 3; request++) expect((await ask()).ok).toBe(true);
  });

  it("count tokens at their worst case", async () => {
    const { stub, keyHash } = await newAccount(1000, {
      limits: { ...keyOptions.limits, tokensPerMinute: 250 },
    });
    const ask = (tokens: number) => reserve(stub, keyHash, 1, { facts: { ...FACTS, tokens } });
    expect(await ask(100)).toMatchObject({ value: { standings: [{}, { name: "tokens", remaining: 150 }] } });
    expect((await ask(100)).ok).toBe(true);
    expect(await ask(100)).toMatchObject({
      error: { code: "rate_limit_exceeded", exceeded: { name: "tokens", nextMs: 12_000 } },
    });
    travel(12_000);
    expect((await ask(100)).ok).toBe(true);
  });

  it("count open requests, not stored jobs that wait in line", async () => {
    const { stub, keyHash, keyId } = await newAccount(1000, {
      limits: { ...keyOptions.limits, concurrency: 2 },
    });
    const ask = (job: string) => reserve(stub, keyHash, 1, { job });
    expect((await ask("open_1")).ok).toBe(true);
    expect((await ask("open_2")).ok).toBe(true);
    expect(await ask("open_3")).toEqual({
      ok: false,
      error: { code: "concurrency_limit_exceeded", key: keyId, retryAfterMs: 1000, limit: 2 },
    });
    const stored = { job: "stored", model: "tessera-tiny", request: "{}", webhook: null, idempotency: null };
    expect((await stub.accept({ facts: FACTS, keyHash, job: "stored", amount: 1 }, stored)).ok).toBe(true);
    await stub.settle(settlement("open_1", 1));
    expect((await ask("open_3")).ok).toBe(true);
  });

  describe("that descend from another", () => {
    const scopes = ["infer", "keys:write"] as const;
    const ask = (stub: Stub, hash: string, changes = {}) => reserve(stub, hash, 1, changes);
    const childOf = async (stub: Stub, hash: string) => {
      const made = await stub.deriveKey(hash, { name: "child" });
      if (!made.ok) throw new Error(made.error.code);
      return hashKey(made.value.key);
    };

    it("count for it too, so that making keys multiplies no rate", async () => {
      const limits = { ...keyOptions.limits, requestsPerMinute: 3, tokensPerMinute: 3 * FACTS.tokens };
      const { stub, keyHash, keyId } = await newAccount(1000, { scopes, limits });
      const child = await childOf(stub, keyHash);
      const grandchild = await childOf(stub, child);
      for (const hash of [grandchild, child, keyHash]) expect((await ask(stub, hash)).ok).toBe(true);
      for (const hash of [grandchild, child, keyHash, await childOf(stub, grandchild)]) {
        const exceeded = { name: "requests", limit: 3 };
        const error = { code: "rate_limit_exceeded", key: keyId, exceeded };
        expect(await ask(stub, hash)).toMatchObject({ error });
      }
      travel(20_000);
      expect((await ask(stub, grandchild)).ok).toBe(true);
      expect(await law(stub)).toEqual([]);
    });

    it.each(["child", "maker"] as const)("tell the longest wait: the %s's", async (longest) => {
      const limits = { ...keyOptions.limits, requestsPerMinute: 20 };
      const { stub, keyHash, keyId } = await newAccount(1000, { scopes, limits });
      const child = await derive(stub, keyHash);
      for (let request = 0; request < 20; request++) await ask(stub, child.keyHash);
      const id = longest === "child" ? child.keyId : keyId;
      await stub.updateKey(keyHash, id, { limits: { requestsPerMinute: 2 } });
      const error = { code: "rate_limit_exceeded", key: id, exceeded: { limit: 2, nextMs: 30_000 } };
      expect(await ask(stub, child.keyHash)).toMatchObject({ error });
    });

    it("show where the tightest stands", async () => {
      const limits = { ...keyOptions.limits, requestsPerMinute: 10 };
      const { stub, keyHash } = await newAccount(1000, { scopes, limits });
      const child = await childOf(stub, keyHash);
      expect(await ask(stub, keyHash)).toMatchObject({ value: { standings: [{ remaining: 9 }] } });
      expect(await ask(stub, child)).toMatchObject({ value: { standings: [{ remaining: 8 }] } });
    });

    it("take its places, and give them back", async () => {
      const limits = { ...keyOptions.limits, concurrency: 2 };
      const { stub, keyHash, keyId } = await newAccount(1000, { scopes, limits });
      const child = await childOf(stub, keyHash);
      expect((await ask(stub, child, { job: "first" })).ok).toBe(true);
      expect((await ask(stub, keyHash)).ok).toBe(true);
      const full = { error: { code: "concurrency_limit_exceeded", key: keyId, limit: 2 } };
      expect(await ask(stub, child)).toMatchObject(full);
      expect(await ask(stub, await childOf(stub, keyHash))).toMatchObject(full);
      await stub.settle(settlement("first", 1));
      expect((await ask(stub, child)).ok).toBe(true);
    });
  });

  it("bound what costs nothing too, each call by its weight", async () => {
    const { stub, keyHash } = await newAccount(1000);
    const weight = CALLS_PER_MINUTE / 2;
    for (const remaining of [weight, 0]) {
      const verdict = await stub.authorise(keyHash, "infer", { weight });
      expect(verdict).toMatchObject({ value: { standings: [{ name: "calls", remaining }] } });
    }
    const refused = { error: { code: "rate_limit_exceeded", exceeded: { name: "calls", nextMs: 10 } } };
    expect(await stub.authorise(keyHash, "infer")).toMatchObject(refused);
    expect(await stub.job(keyHash, "job_1")).toMatchObject(refused);
    expect((await reserve(stub, keyHash, 1)).ok).toBe(true);
    travel(10);
    expect((await stub.authorise(keyHash, "infer")).ok).toBe(true);
  });

  it("must be whole numbers above 0, and budgets whole amounts", async () => {
    const { stub } = await newAccount(0);
    for (const requestsPerMinute of [0, -1, 1.5]) {
      const limits = { ...keyOptions.limits, requestsPerMinute };
      const creation = inside(stub, (account) => account.createKey({ ...keyOptions, limits }));
      await expect(creation).rejects.toThrow("whole numbers");
    }
    for (const total of [-1, 0.5, 2 ** 53]) {
      const budget = { ...keyOptions.budget, total };
      const creation = inside(stub, (account) => account.createKey({ ...keyOptions, budget }));
      await expect(creation).rejects.toThrow("whole number");
    }
  });
});

describe("an account's keys", () => {
  const scopes = ["keys:write"] as const;

  it("are at most 1,000 that may be used; a revoked one makes room, and an expired one until it is given time", async () => {
    const { stub, keyHash, keyId } = await newAccount(0, { scopes });
    const make = (name: string) => inside(stub, (account) => account.deriveKey(keyHash, { name }));
    const made = await inside(stub, async (account) => {
      for (let key = 2; key < MAX_KEYS; key++) await account.deriveKey(keyHash, { name: "one of many" });
      return account.deriveKey(keyHash, { name: "the last" });
    });
    if (!made.ok) throw new Error(made.error.code);
    const refused = { ok: false, error: { code: "too_many_keys", what: "account", limit: MAX_KEYS } };
    expect(await make("one too many")).toEqual(refused);
    await stub.revokeKey(keyHash, made.value.record.id);
    const another = await derive(stub, keyHash, { expiresAt: inAMinute() });
    expect(await make("one too many")).toEqual(refused);
    travel(MINUTE);
    expect((await make("in the place of an expired one")).ok).toBe(true);
    const revive = (expiresAt: number | null) => stub.updateKey(keyHash, another.keyId, { expiresAt });
    for (const expiresAt of [null, inAMinute()]) expect(await revive(expiresAt)).toEqual(refused);
    expect((await revive(Date.now() - 1)).ok).toBe(true);
    expect((await stub.updateKey(keyHash, keyId, { expiresAt: inAMinute() })).ok).toBe(true);
  });

  it("are listed page by page, the oldest first", async () => {
    const { stub, keyHash, keyId } = await newAccount(0, { scopes });
    for (const name of ["a", "b", "c", "d"]) await stub.deriveKey(keyHash, { name });
    const names: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await stub.listKeys(keyHash, { after, limit: 2 });
      if (!page.ok || !page.value) throw new Error("A key's page is listed.");
      names.push(...page.value.items.map(({ name }) => name));
      after = page.value.items.at(-1)?.id ?? keyId;
      if (!page.value.more) break;
    }
    expect(names).toEqual(["tests", "a", "b", "c", "d"]);
    expect(await stub.listKeys(keyHash, { after: "key_unknown", limit: 2 })).toEqual({
      ok: true,
      value: null,
    });
  });

  it("descend from seven others at most", async () => {
    const { stub, keyHash } = await newAccount(0, { scopes });
    let hash = keyHash;
    for (let depth = 1; depth < MAX_LINEAGE; depth++) {
      const made = await stub.deriveKey(hash, { name: "deeper" });
      if (!made.ok) throw new Error(made.error.code);
      hash = await hashKey(made.value.key);
    }
    const refused = { error: { code: "too_many_keys", what: "lineage", limit: MAX_LINEAGE } };
    expect(await stub.deriveKey(hash, { name: "too deep" })).toMatchObject(refused);
  });
});
