import { describe, expect, it } from "vitest";
import { hashKey } from "../../auth/key.ts";
import { SCOPES } from "../scopes.ts";
import {
  inAMinute,
  inside,
  keyOptions,
  law,
  MINUTE,
  newAccount,
  standStill,
  travel,
} from "../testing/fixture.ts";
import { derive, newOwnedAccount, reserve } from "../testing/keys.ts";
import type { KeyChanges } from "./contract.ts";
import { MAX_KEYS, MAX_LINEAGE } from "./make.ts";

standStill();

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
    const { stub, keyHash: owner, keyId: ownerId } = await newOwnedAccount(1000);
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
    const { stub, keyHash: owner } = await newOwnedAccount(1000);
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
    const { stub, keyHash: owner } = await newOwnedAccount(10_000);
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
