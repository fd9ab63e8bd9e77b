import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../core/crc32.ts";
import { randomBase62 } from "./base62.ts";
import { hashKey, mintKey, newAccountId, readKey, startOf } from "./key.ts";

const SECRET = "a secret of the tests";
const account = newAccountId();
const key = await mintKey(account, SECRET);
const BASE62 = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];

describe("a minted key", () => {
  it("carries its account and is read back with its hash", async () => {
    expect(key).toMatch(/^tsr_[0-9A-Za-z]{59}$/);
    expect(await readKey(key, SECRET)).toEqual({ account, hash: await hashKey(key) });
    expect(startOf(key)).toBe(key.slice(0, 20));
    expect(startOf(key)).toContain(account);
  });

  it("is never minted twice", async () => {
    const keys = await Promise.all(Array.from({ length: 100 }, () => mintKey(account, SECRET)));
    expect(new Set(keys).size).toBe(100);
  });

  it("is only minted for an account id", async () => {
    await expect(mintKey("short", SECRET)).rejects.toThrow("12 base62 characters");
  });
});

describe("a key that was not minted here", () => {
  it("is refused after any change of one character", async () => {
    const position = fc.nat(key.length - 1);
    const character = fc.oneof(fc.constantFrom(...BASE62), fc.string({ minLength: 0, maxLength: 2 }));
    await fc.assert(
      fc.asyncProperty(position, character, async (at, other) => {
        fc.pre(other !== key[at]);
        expect(await readKey(key.slice(0, at) + other + key.slice(at + 1), SECRET)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("is refused when cut anywhere", async () => {
    for (let length = 0; length < key.length; length++) {
      expect(await readKey(key.slice(0, length), SECRET)).toBeUndefined();
    }
  });

  it("is refused when forged with a right checksum and another secret", async () => {
    expect(await readKey(await mintKey(account, "another secret"), SECRET)).toBeUndefined();
    expect(await readKey(key, SECRET)).toBeDefined();
  });

  it("is read with the secret before the present one, and with no other", async () => {
    const read = { account, hash: await hashKey(key) };
    expect(await readKey(key, "the next secret", SECRET)).toEqual(read);
    expect(await readKey(key, SECRET, "an older secret")).toEqual(read);
    expect(await readKey(key, "the next secret", "an older secret")).toBeUndefined();
  });

  it("is refused with anything around it", async () => {
    for (const text of [` ${key}`, `${key}\n`, `${key}${key}`, `Bearer ${key}`, ""]) {
      expect(await readKey(text, SECRET)).toBeUndefined();
    }
  });
});

describe("base62", () => {
  it("draws every digit about as often as every other", () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 62; round++) {
      for (const digit of randomBase62(1000)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});

describe("crc32", () => {
  it("gives the published check values", () => {
    const of = (text: string) => crc32(new TextEncoder().encode(text));
    expect(of("123456789")).toBe(0xcbf43926);
    expect(of("The quick brown fox jumps over the lazy dog")).toBe(0x414fa339);
    expect(of("")).toBe(0);
  });
});
