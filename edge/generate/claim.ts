/**
 * What a settle report is about. The worker carries it to the edge and back, and can neither read nor change it: it
 * learns nothing of whose request it answers, and can claim no other's money.
 */
import { z } from "zod";
import { usageSchema } from "../../core/events.ts";
import { priceSchema } from "../../core/price.ts";
import { cacheVerdict, decodeBase64Url, encodeBase64Url } from "../../core/receipt.ts";

const claimSchema = z.strictObject({
  account: z.string(),
  job: z.string(),
  attempt: z.int().min(1),
  /** As it was when the request was accepted. */
  price: priceSchema,
  /** The tokens of its prompt and of its longest answer: a report of more counts as these. */
  most: usageSchema,
  cache: cacheVerdict,
});
export type Claim = z.infer<typeof claimSchema>;

const IV_BYTES = 12;

export async function sealClaim(secret: string, claim: Claim): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const text = new TextEncoder().encode(JSON.stringify(claim));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(secret), text);
  const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), IV_BYTES);
  return encodeBase64Url(bytes);
}

/** The claim; undefined for whatever was sealed with neither this secret nor the one before it. */
export async function openClaim(text: string, secret: string, previous?: string): Promise<Claim | undefined> {
  const bytes = decodeBase64Url(text);
  if (!bytes) return undefined;
  return (await unseal(bytes, secret)) ?? (previous ? unseal(bytes, previous) : undefined);
}

async function unseal(bytes: Uint8Array<ArrayBuffer>, secret: string): Promise<Claim | undefined> {
  const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, IV_BYTES) };
  try {
    const opened = await crypto.subtle.decrypt(algorithm, await keyOf(secret), bytes.subarray(IV_BYTES));
    return claimSchema.parse(JSON.parse(new TextDecoder().decode(opened)));
  } catch {
    return undefined;
  }
}

const derived = new Map<string, CryptoKey>();

/** Deriving costs more than sealing, and an isolate sees two secrets at most. */
async function keyOf(secret: string): Promise<CryptoKey> {
  const key = derived.get(secret) ?? (await deriveKey(secret));
  derived.set(secret, key);
  return key;
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
