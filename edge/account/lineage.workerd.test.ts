import { describe, expect, it } from "vitest";
import { hashKey } from "../auth/key.ts";
import { CALLS_PER_MINUTE } from "./calls.ts";
import {
  FACTS,
  inside,
  keyOptions,
  law,
  MINUTE,
  newAccount,
  type Stub,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";
import { derive, reserve } from "./testing/keys.ts";

standStill();

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
