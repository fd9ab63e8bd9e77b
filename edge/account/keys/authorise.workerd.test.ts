import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hashKey, readKey } from "../../auth/key.ts";
import { SCOPES } from "../scopes.ts";
import {
  FACTS,
  inAMinute,
  keyOptions,
  law,
  MINUTE,
  newAccount,
  settlement,
  standStill,
  travel,
} from "../testing/fixture.ts";
import { ALL_KEYS, derive, EXPIRED, INVALID, newOwnedAccount, reserve } from "../testing/keys.ts";

standStill();

describe("a key", () => {
  it("names its account, and is listed without being shown", async () => {
    const { account, stub, key, keyId, keyHash } = await newOwnedAccount(0);
    expect(await readKey(key, env.KEY_SECRET)).toEqual({ account, hash: keyHash });
    const listed = await stub.listKeys(keyHash, ALL_KEYS);
    if (!listed.ok) throw new Error(listed.error.code);
    const [record] = listed.value?.items ?? [];
    expect(record).toMatchObject({ ...keyOptions, scopes: [...SCOPES], id: keyId, revokedAt: null });
    expect(JSON.stringify(listed)).not.toContain(key);
    expect(key.startsWith(record?.start ?? "-")).toBe(true);
  });

  it("knows itself, and the account's money if it may see usage", async () => {
    const { stub, keyHash, keyId, account } = await newOwnedAccount(1000);
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
    const { stub, keyHash: owner } = await newOwnedAccount(1000);
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
    expect(await stub.listKeys(keyHash, ALL_KEYS)).toEqual(INVALID);
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
    expect(await stub.listKeys(keyHash, ALL_KEYS)).toEqual(lacks("keys:write"));
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
    const [mine, theirs] = [await newOwnedAccount(1000), await newOwnedAccount(1000)];
    expect(await mine.stub.authorise(theirs.keyHash, "infer")).toEqual(INVALID);
    expect(await mine.stub.readKey(mine.keyHash, theirs.keyId)).toEqual({
      ok: false,
      error: { code: "key_not_found" },
    });
  });

  it("opens nothing while its account is suspended", async () => {
    const { stub, keyHash } = await newOwnedAccount(1000);
    await stub.reserve({ facts: FACTS, keyHash, job: "job_1", amount: 10, expiresAt: inAMinute() });
    expect(await stub.suspend(true)).toMatchObject({ suspendedAt: Date.now() });
    const suspended = { ok: false, error: { code: "account_suspended" } };
    expect(await stub.authorise(keyHash, "infer")).toEqual(suspended);
    expect(await reserve(stub, keyHash, 1)).toEqual(suspended);
    expect(await stub.listKeys(keyHash, ALL_KEYS)).toEqual(suspended);
    expect(await stub.settle(settlement("job_1", 4))).toBe(true);
    expect(await stub.suspend(false)).toMatchObject({ suspendedAt: null });
    expect((await reserve(stub, keyHash, 1)).ok).toBe(true);
  });

  it("tells when it was last used, without a write for every call", async () => {
    const { stub, keyHash, keyId } = await newOwnedAccount(1000);
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
