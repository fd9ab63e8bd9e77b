import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readKey } from "../auth/key.ts";
import {
  FACTS,
  inside,
  keyOptions,
  MINUTE,
  newAccount,
  settlement,
  stopClock,
  travel,
} from "./testing/fixture.ts";

beforeEach(stopClock);
afterEach(() => {
  vi.useRealTimers();
});

const inAMinute = () => Date.now() + MINUTE;

describe("a key", () => {
  it("names its account, and is listed without being shown", async () => {
    const { account, stub, key, keyId, keyHash } = await newAccount(0, { name: "laptop" });
    expect(await readKey(key, env.KEY_SECRET)).toEqual({ account, hash: keyHash });
    const listed = await stub.listKeys();
    expect(listed).toMatchObject([{ ...keyOptions, name: "laptop", id: keyId, revokedAt: null }]);
    expect(JSON.stringify(listed)).not.toContain(key);
    expect(key.startsWith(listed[0]?.start ?? "-")).toBe(true);
  });

  it("is refused everywhere from its revocation on; other keys live on", async () => {
    const { stub, keyHash, keyId } = await newAccount(1000);
    await stub.reserve({ keyHash, job: "job_1", amount: 10, facts: FACTS, expiresAt: inAMinute() });
    expect(await stub.revokeKey(keyId)).toBe(true);
    const refused = { ok: false, error: { code: "invalid_api_key" } };
    const reservation = { keyHash, job: "job_2", amount: 10, facts: FACTS, expiresAt: inAMinute() };
    const stored = { job: "job_2", model: "tessera-tiny", request: "{}", webhook: null, idempotency: null };
    expect(await stub.authorise(keyHash, "infer")).toEqual(refused);
    expect(await stub.reserve(reservation)).toEqual(refused);
    expect(await stub.reserve({ ...reservation, job: "job_1" })).toEqual(refused);
    expect(await stub.accept(reservation, stored)).toEqual(refused);
    expect(await stub.job(keyHash, "job_1")).toEqual(refused);
    expect(await stub.revokeKey(keyId)).toBe(true);
    expect(await stub.revokeKey("key_unknown")).toBe(false);
    const other = await stub.createKey(keyOptions);
    const read = await readKey(other.key, env.KEY_SECRET);
    expect((await stub.authorise(read?.hash ?? "", "infer")).ok).toBe(true);
    // What the key had begun is still paid.
    expect(await stub.settle(settlement("job_1", 4))).toBe(true);
  });

  it("is refused once it has expired", async () => {
    const { stub, keyHash } = await newAccount(1000, { expiresAt: inAMinute() });
    expect((await stub.authorise(keyHash, "infer")).ok).toBe(true);
    travel(MINUTE);
    const expired = { ok: false, error: { code: "api_key_expired" } };
    expect(await stub.authorise(keyHash, "infer")).toEqual(expired);
    expect(
      await stub.reserve({ keyHash, job: "job_1", amount: 1, facts: FACTS, expiresAt: inAMinute() }),
    ).toEqual(expired);
  });

  it("may do only what its scopes name", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["jobs"] });
    const reservation = { keyHash, job: "job_1", amount: 1, facts: FACTS, expiresAt: inAMinute() };
    expect(await stub.authorise(keyHash, "keys:write")).toEqual({
      ok: false,
      error: { code: "insufficient_scope", scope: "keys:write" },
    });
    expect(await stub.reserve(reservation)).toEqual({
      ok: false,
      error: { code: "insufficient_scope", scope: "infer" },
    });
    expect((await stub.job(keyHash, "job_1")).ok).toBe(true);
  });

  it("of another account is unknown here", async () => {
    const [mine, theirs] = [await newAccount(1000), await newAccount(1000)];
    expect(await mine.stub.authorise(theirs.keyHash, "infer")).toEqual({
      ok: false,
      error: { code: "invalid_api_key" },
    });
  });
});

describe("the limits of a key", () => {
  it("let a minute's requests pass at once, then one at a time", async () => {
    const { stub, keyHash } = await newAccount(1000, { limits: { requestsPerMinute: 3, concurrency: 100 } });
    let job = 0;
    const ask = () =>
      stub.reserve({ keyHash, job: `job_${job++}`, amount: 1, facts: FACTS, expiresAt: inAMinute() });
    for (let request = 0; request < 3; request++) expect((await ask()).ok).toBe(true);
    const refused = { ok: false, error: { code: "rate_limit_exceeded", retryAfterMs: 20_000, limit: 3 } };
    expect(await ask()).toEqual(refused);
    expect(await ask()).toEqual(refused);
    travel(19_999);
    expect(await ask()).toMatchObject({ error: { retryAfterMs: 1 } });
    travel(1);
    expect((await ask()).ok).toBe(true);
    expect((await ask()).ok).toBe(false);
    travel(MINUTE);
    for (let request = 0; request < 3; request++) expect((await ask()).ok).toBe(true);
  });

  it("count open requests, not stored jobs that wait in line", async () => {
    const { stub, keyHash } = await newAccount(1000, { limits: { requestsPerMinute: 1000, concurrency: 2 } });
    const ask = (job: string) =>
      stub.reserve({ keyHash, job, amount: 1, facts: FACTS, expiresAt: inAMinute() });
    expect((await ask("job_1")).ok).toBe(true);
    expect((await ask("job_2")).ok).toBe(true);
    expect(await ask("job_3")).toEqual({
      ok: false,
      error: { code: "concurrency_limit_exceeded", retryAfterMs: 1000, limit: 2 },
    });
    const stored = { job: "job_4", model: "tessera-tiny", request: "{}", webhook: null, idempotency: null };
    expect((await stub.accept({ keyHash, job: "job_4", amount: 1, facts: FACTS }, stored)).ok).toBe(true);
    await stub.settle(settlement("job_1", 1));
    expect((await ask("job_3")).ok).toBe(true);
  });

  it("must be whole numbers above 0", async () => {
    const { stub } = await newAccount(0);
    for (const requestsPerMinute of [0, -1, 1.5]) {
      const limits = { requestsPerMinute, concurrency: 1 };
      const creation = inside(stub, (account) => account.createKey({ ...keyOptions, limits }));
      await expect(creation).rejects.toThrow("whole numbers");
    }
  });
});
