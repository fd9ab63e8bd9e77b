/**
 * Authentication between the edge and its GPU workers, both ways: an HMAC-SHA256 over method, path, timestamp, nonce
 * and the body's hash, with the pool's shared secret.
 */

export const TIMESTAMP_HEADER = "x-tessera-timestamp";
export const NONCE_HEADER = "x-tessera-nonce";
export const SIGNATURE_HEADER = "x-tessera-signature";

/** How far apart the two sides' clocks may be, and how long a nonce must be remembered, in milliseconds. */
export const SIGNATURE_WINDOW_MS = 60_000;

export interface SignedRequest {
  readonly method: string;
  /** The path alone, without origin and query. */
  readonly path: string;
  /** Unix milliseconds, in decimal. */
  readonly timestamp: string;
  /** Never used twice within the window. */
  readonly nonce: string;
  /** The bytes that are covered: of a job frame the part before its pixels (`signedPart`), else the whole body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The signature of a request, in hex. */
export async function sign(secret: string, request: SignedRequest): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await hmacKey(secret), await canonical(request));
  return toHex(new Uint8Array(mac));
}

/** Whether a signature is this request's, in constant time. Freshness and replay are the receiver's to check. */
export async function verify(secret: string, request: SignedRequest, signature: string): Promise<boolean> {
  const bytes = fromHex(signature);
  if (!bytes) return false;
  return crypto.subtle.verify("HMAC", await hmacKey(secret), bytes, await canonical(request));
}

async function canonical({ method, path, timestamp, nonce, body }: SignedRequest) {
  const hash = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  return new TextEncoder().encode([method.toUpperCase(), path, timestamp, nonce, hash].join("\n"));
}

const imported = new Map<string, Awaited<ReturnType<typeof importSecret>>>();

/**
 * A secret's HMAC-SHA256 key. Importing costs more than the HMAC itself, and a process sees a few secrets in its life.
 */
export async function hmacKey(secret: string) {
  const key = imported.get(secret) ?? (await importSecret(secret));
  imported.set(secret, key);
  return key;
}

function importSecret(secret: string) {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[0-9a-f]{2})+$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
