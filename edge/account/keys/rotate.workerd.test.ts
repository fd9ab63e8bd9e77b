import { describe, expect, it } from "vitest";
import { hashKey } from "../../auth/key.ts";
import { MINUTE, standStill, travel } from "../testing/fixture.ts";
import { derive, EXPIRED, INVALID, newOwnedAccount, reserve } from "../testing/keys.ts";

standStill();

describe("a rotated key", () => {
  it("goes by both texts during the overlap, with one id, one budget and one rate", async () => {
    const { stub, keyHash: owner } = await newOwnedAccount(1000);
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
    const { stub, keyHash: owner } = await newOwnedAccount(1000);
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
