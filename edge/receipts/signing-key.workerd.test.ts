import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { keySetSchema, type PublicKey, verifyReceipt } from "../../core/receipt.ts";
import { newReceiptKey } from "../../start/receipt-key.ts";
import { createApp } from "../app.ts";
import { receiptKeys } from "./signing-key.ts";

const NONE = '{"keys":[]}';
/** What is said of a payload that is signed well. */
const SIGNED = "It is signed, and its payload is not a receipt of version 1.";

async function reasonOf(jws: string, keys: readonly PublicKey[]): Promise<string | null> {
  const verified = await verifyReceipt(jws, keys);
  return verified.ok ? null : verified.error;
}

it("signs a payload the same every time", async () => {
  const { sign } = await receiptKeys(env);
  expect(await sign("{}")).toBe(await sign("{}"));
});

it("publishes the present key", async () => {
  const response = await createApp().request("/.well-known/jwks.json", {}, env);
  const keys = keySetSchema.parse(await response.json());
  expect(await reasonOf(await (await receiptKeys(env)).sign("{}"), keys)).toBe(SIGNED);
});

it("keeps what a retired key signed verifiable, and signs with the present one", async () => {
  const [first, second] = [newReceiptKey(), newReceiptKey()];
  const { kty, crv, x } = first;
  const before = await receiptKeys({ RECEIPT_KEY: JSON.stringify(first), RETIRED_RECEIPT_KEYS: NONE });
  const after = await receiptKeys({
    RECEIPT_KEY: JSON.stringify(second),
    RETIRED_RECEIPT_KEYS: JSON.stringify({ keys: [{ kty, crv, x, use: "sig" }] }),
  });
  const forgetful = await receiptKeys({ RECEIPT_KEY: JSON.stringify(second), RETIRED_RECEIPT_KEYS: NONE });
  const [old, fresh] = [await before.sign("{}"), await after.sign("{}")];
  expect(await reasonOf(old, after.published)).toBe(SIGNED);
  expect(await reasonOf(fresh, after.published)).toBe(SIGNED);
  expect(await reasonOf(old, forgetful.published)).toContain("not in the key set");
  expect(after.published.map((key) => key.x)).toEqual([second.x, first.x]);
});
