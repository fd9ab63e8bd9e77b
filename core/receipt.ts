/**
 * Receipts: what a finished request was and what it cost, signed by the operator and chained per account. A receipt is
 * a compact JWS (RFC 7515) with Ed25519 (RFC 8037); docs/receipts.md says how to check one without this code.
 */
import { z } from "zod";
import { fail, ok, type Result } from "./result.ts";
import { toHex } from "./signature.ts";

/** The JWS header's `typ` (RFC 8725 §3.11): no other token of the same key can pass for a receipt. */
export const RECEIPT_TYPE = "tessera-receipt";
export const RECEIPT_ALGORITHM = "EdDSA";

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** How a request ended. `expired`: nobody told, and what was held was given back in full. */
export const receiptStatus = z.enum(["succeeded", "failed", "canceled", "expired"]);
export type ReceiptStatus = z.infer<typeof receiptStatus>;

/** What the cache said of a request; null where it was never asked. */
export const cacheVerdict = z.enum(["hit", "miss", "bypass", "uncacheable"]);
export type CacheVerdict = z.infer<typeof cacheVerdict>;

/** A receipt's payload, field by field in its order. Hashes stand for all content: no text and no pixel is in it. */
export const receiptSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  account: z.string(),
  /** 1, 2, 3, … within the account, without gaps. */
  sequence: z.int().min(1),
  /** SHA-256 of the payload with the sequence number before; null for the first. */
  previous: sha256.nullable(),
  /** Unix seconds. */
  created_at: z.int(),
  /** The id of the completion or job. */
  request: z.string(),
  /** The id of the API key that asked. */
  key: z.string(),
  /** SHA-256 of the request's body, byte for byte as it was sent. */
  request_hash: sha256,
  /** The images' bytes, in the request's order. */
  images: z.array(sha256),
  model: z.string(),
  revision: z.string(),
  status: receiptStatus,
  /** SHA-256 of the answer's text in UTF-8. */
  answer_hash: sha256.nullable(),
  /** What was counted: all zero where nothing was produced. */
  usage: z.object({
    image_tokens: z.int().min(0),
    text_tokens: z.int().min(0),
    output_tokens: z.int().min(0),
  }),
  cache: cacheVerdict.nullable(),
  price_version: z.string(),
  cost_microcredits: z.int().min(0),
  /** Milliseconds; null where no worker answered. */
  timings: z
    .object({
      prepare_ms: z.number(),
      queue_ms: z.number(),
      vision_ms: z.number(),
      prefill_ms: z.number(),
      decode_ms: z.number(),
    })
    .nullable(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The header of an answer that names its receipt. */
export const RECEIPT_HEADER = "x-tessera-receipt";

/** The receipt's id of a completion or job: known before the request has ended. */
export function receiptIdOf(request: string): string {
  return `rcpt_${request.replace(/^(chatcmpl-|job_)/, "")}`;
}

/** A public Ed25519 key as it is published (RFC 8037). */
export const publicKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  kid: z.string(),
});
export type PublicKey = z.infer<typeof publicKeySchema>;

/** A JWK Set (RFC 7517 §5); keys of other kinds in it are passed over. */
export const keySetSchema = z
  .object({ keys: z.array(z.unknown()) })
  .transform(({ keys }) => keys.flatMap((key) => publicKeySchema.safeParse(key).data ?? []));

const headerSchema = z.object({
  alg: z.literal(RECEIPT_ALGORITHM),
  typ: z.literal(RECEIPT_TYPE),
  kid: z.string(),
  // Extensions that a verifier must understand (RFC 7515 §4.1.11): a receipt has none.
  crit: z.never().optional(),
});

/** A receipt whose signature is right. */
export interface VerifiedReceipt {
  readonly receipt: Receipt;
  /** The key that signed it. */
  readonly kid: string;
  /** SHA-256 of the payload: the next receipt's `previous`. */
  readonly hash: string;
}

/** The text over which a receipt is signed. */
export function signingInput(kid: string, payload: string): string {
  const header = JSON.stringify({ alg: RECEIPT_ALGORITHM, typ: RECEIPT_TYPE, kid });
  return `${encodeBase64Url(utf8(header))}.${encodeBase64Url(utf8(payload))}`;
}

/** Checks a receipt's signature and form; the failure says in one sentence what is wrong. */
export async function verifyReceipt(
  jws: string,
  keys: readonly PublicKey[],
): Promise<Result<VerifiedReceipt, string>> {
  const parts = jws.split(".");
  const [header, payload, signature] = parts.map(decodeBase64Url);
  if (parts.length !== 3 || !header || !payload || !signature) return fail("It is not a compact JWS.");
  const head = headerSchema.safeParse(parseJson(header));
  if (!head.success) return fail(`Its header is not that of a ${RECEIPT_TYPE} signed with Ed25519.`);
  const { kid } = head.data;
  const key = keys.find((each) => each.kid === kid);
  if (!key) return fail(`It is signed with the key ${kid}, which is not in the key set.`);
  const signed = utf8(jws.slice(0, jws.lastIndexOf(".")));
  if (!(await isSigned(key, signature, signed))) return fail("Its signature is not valid.");
  const receipt = receiptSchema.safeParse(parseJson(payload));
  if (!receipt.success) return fail("It is signed, and its payload is not a receipt of version 1.");
  return ok({ receipt: receipt.data, kid, hash: await sha256Of(payload) });
}

/** What breaks the chain of an account's receipts, in any order; empty when each follows from the one before. */
export function checkChain(receipts: readonly VerifiedReceipt[]): string[] {
  const accounts = new Set(receipts.map(({ receipt }) => receipt.account));
  if (accounts.size > 1)
    return [`They belong to ${accounts.size} accounts, each of which has its own chain.`];
  const chain = [...new Map(receipts.map((each) => [each.hash, each])).values()].sort(
    (left, right) => left.receipt.sequence - right.receipt.sequence,
  );
  return chain.flatMap((each, index) => {
    const { sequence, previous } = each.receipt;
    const before = chain[index - 1];
    if (!before) {
      const first = sequence === 1;
      return first === (previous === null) ? [] : ["Only the account's first receipt has none before it."];
    }
    const last = before.receipt.sequence;
    if (last === sequence) return [`Two different receipts have the sequence number ${sequence}.`];
    if (last + 1 === sequence - 1) return [`Receipt ${last + 1} is missing.`];
    if (last + 1 < sequence) return [`Receipts ${last + 1} to ${sequence - 1} are missing.`];
    return previous === before.hash ? [] : [`Receipt ${sequence} does not follow from receipt ${last}.`];
  });
}

/** The name of a key: its thumbprint (RFC 7638), so that two keys never share one. */
export async function keyIdOf({ x }: { readonly x: string }): Promise<string> {
  const canonical = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  return encodeBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(canonical))));
}

async function isSigned(
  { kty, crv, x }: PublicKey,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed);
  } catch {
    return false;
  }
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))}`;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

export function encodeBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Strict: one text for each value, so that no character of a receipt can change unseen. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = new Uint8Array(Array.from(binary, (character) => character.charCodeAt(0)));
    return encodeBase64Url(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}
