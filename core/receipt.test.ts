import { createHash, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkChain,
  encodeBase64Url,
  keyIdOf,
  keySetSchema,
  type PublicKey,
  type Receipt,
  signingInput,
  type VerifiedReceipt,
  verifyReceipt,
} from "./receipt.ts";

async function newSigner() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const kid = await keyIdOf({ x });
  const key: PublicKey = { kty: "OKP", crv: "Ed25519", x, kid };
  const signed = (payload: string, input = signingInput(kid, payload)) =>
    `${input}.${encodeBase64Url(sign(null, Buffer.from(input), privateKey))}`;
  return { key, signed };
}

const signer = await newSigner();

const hashOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

function receipt(sequence: number, previous: string | null): Receipt {
  return {
    version: 1,
    id: `rcpt_${sequence}`,
    account: "000000000001",
    sequence,
    previous,
    created_at: 1_795_000_000,
    request: `chatcmpl-${sequence}`,
    key: "key_1",
    request_hash: hashOf("request"),
    images: [hashOf("image")],
    model: "tessera-tiny",
    revision: "1",
    status: "succeeded",
    answer_hash: hashOf("Zwei Katzen. 两只猫。"),
    usage: { image_tokens: 144, text_tokens: 20, output_tokens: 3 },
    cache: "miss",
    price_version: "tessera-tiny/1",
    cost_microcredits: 176,
    timings: { prepare_ms: 1.25, queue_ms: 0, vision_ms: 3, prefill_ms: 4, decode_ms: 5.5 },
  };
}

/** An account's first receipts. */
async function chainOf(length: number): Promise<VerifiedReceipt[]> {
  const chain: VerifiedReceipt[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const payload = JSON.stringify(receipt(sequence, chain.at(-1)?.hash ?? null));
    const verified = await verifyReceipt(signer.signed(payload), [signer.key]);
    if (!verified.ok) throw new Error(verified.error);
    chain.push(verified.value);
  }
  return chain;
}

describe("a receipt", () => {
  const payload = JSON.stringify(receipt(1, null));
  const jws = signer.signed(payload);

  it("is verified with the key that signed it, and hashed as it was signed", async () => {
    expect(await verifyReceipt(jws, [signer.key])).toEqual({
      ok: true,
      value: { receipt: receipt(1, null), kid: signer.key.kid, hash: hashOf(payload) },
    });
  });

  it("fails with any character changed", async () => {
    const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "];
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
        fc.pre(jws[at] !== character);
        const changed = jws.slice(0, at) + character + jws.slice(at + 1);
        expect((await verifyReceipt(changed, [signer.key])).ok).toBe(false);
      }),
      {
        numRuns: 1000,
        examples: [
          [jws.length - 1, "A"],
          [jws.length - 1, "Q"],
        ],
      },
    );
  });

  it("fails under another key, also one of the same name", async () => {
    const other = await newSigner();
    expect(await verifyReceipt(jws, [other.key])).toMatchObject({
      error: expect.stringContaining(signer.key.kid),
    });
    expect(await verifyReceipt(jws, [{ ...other.key, kid: signer.key.kid }])).toMatchObject({
      error: "Its signature is not valid.",
    });
    expect((await verifyReceipt(jws, [{ ...signer.key, x: "AAAA" }])).ok).toBe(false);
  });

  it.each([
    ["another algorithm", { alg: "none" }],
    ["another type of token", { typ: "JWT" }],
    ["an extension that nobody knows", { crit: ["exp"] }],
  ])("fails with %s in its header", async (_, changes) => {
    const header = { alg: "EdDSA", typ: "tessera-receipt", kid: signer.key.kid, ...changes };
    const encode = (value: string) => encodeBase64Url(new TextEncoder().encode(value));
    const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
    expect((await verifyReceipt(signer.signed(payload, input), [signer.key])).ok).toBe(false);
  });

  it("fails when what is signed is no receipt", async () => {
    for (const text of ["", "{}", "[1]", payload.replace('"version":1', '"version":2'), payload.slice(1)]) {
      expect((await verifyReceipt(signer.signed(text), [signer.key])).ok).toBe(false);
    }
    for (const text of ["", ".", "..", "a.b.c", `${jws}.`, `${jws}.${jws}`, jws.slice(1)]) {
      expect((await verifyReceipt(text, [signer.key])).ok).toBe(false);
    }
  });
});

describe("a chain", () => {
  it("holds in any order, from its beginning or from later on, and with repetitions", async () => {
    const chain = await chainOf(5);
    expect(checkChain(chain)).toEqual([]);
    expect(checkChain([...chain].reverse())).toEqual([]);
    expect(checkChain([...chain, ...chain])).toEqual([]);
    expect(checkChain(chain.slice(2))).toEqual([]);
    expect(checkChain([])).toEqual([]);
  });

  it("shows whatever is missing from its middle", async () => {
    const chain = await chainOf(6);
    const range = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(range, ([from, count]) => {
        fc.pre(from + count < chain.length);
        const rest = chain.toSpliced(from, count);
        const [first, last] = [from + 1, from + count];
        const said =
          count === 1 ? `Receipt ${first} is missing.` : `Receipts ${first} to ${last} are missing.`;
        expect(checkChain(rest)).toEqual([said]);
      }),
    );
  });

  it("shows a receipt that was replaced, forked or moved to another account", async () => {
    const chain = await chainOf(3);
    const [, second, third] = chain;
    const changed = { ...second!, hash: hashOf("another payload") };
    expect(checkChain(chain.with(1, changed))).toEqual(["Receipt 3 does not follow from receipt 2."]);
    expect(checkChain([...chain, changed])).toContain("Two different receipts have the sequence number 2.");
    const foreign = { ...third!, receipt: { ...third!.receipt, account: "000000000002" } };
    expect(checkChain(chain.with(2, foreign))).toHaveLength(1);
    const orphan = { ...second!, receipt: { ...second!.receipt, previous: null } };
    expect(checkChain([orphan])).toHaveLength(1);
  });
});

it("names a key by its thumbprint (RFC 8037, appendix A.3)", async () => {
  expect(await keyIdOf({ x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })).toBe(
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
  );
});

it("passes over keys of other kinds in a key set", () => {
  const { key } = signer;
  expect(
    keySetSchema.parse({
      keys: [
        { kty: "RSA", n: "1" },
        { ...key, use: "sig" },
      ],
    }),
  ).toEqual([key]);
});
