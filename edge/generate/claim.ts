/**
 * What a settle report is about. The worker carries it to the edge and back, and can neither read nor change it: it learns
 * nothing of whose request it answers, and can claim no other's money.
 */
import { z } from "zod";
import { priceSchema } from "../../core/price.ts";
import { cacheVerdict, decodeBase64Url, encodeBase64Url } from "../../core/receipt.ts";

const claimSchema = z.strictObject({
  account: z.string(),
  job: z.string(),
  attempt: z.int().min(1),
  /** As it was when the request was accepted. */
  price: priceSchema,
  cache: cacheVerdict,
});
export type Claim = z.infer<typeof claimSchema>;

const IV_BYTES = 12;

export async function sealClaim(secret: string, claim: Claim): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const text = new TextEncoder().encode(JSON.stringify(claim));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(secret), text);
  return encodeBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]));
}

/** The claim; undefined for whatever was not sealed with this secret. */
export async function openClaim(secret: string, text: string): Promise<Claim | undefined> {
  const bytes = decodeBase64Url(text);
  if (!bytes) return undefined;
  const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, IV_BYTES) };
  try {
    const opened = await crypto.subtle.decrypt(algorithm, await keyOf(secret), bytes.subarray(IV_BYTES));
    return claimSchema.parse(JSON.parse(new TextDecoder().decode(opened)));
  } catch {
    return undefined;
  }
}

let derived: { readonly secret: string; readonly key: CryptoKey } | undefined;

/** Deriving costs more than sealing, and an isolate sees one secret. */
async function keyOf(secret: string): Promise<CryptoKey> {
  if (derived?.secret !== secret) derived = { secret, key: await deriveKey(secret) };
  return derived.key;
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("settle claim") },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
