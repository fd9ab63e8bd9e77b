/**
 * Standard Webhooks v1 signatures (https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).
 */

const PREFIX = "whsec_";
/** The specification allows 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** A new signing secret: `whsec_` and standard base64. */
export function newWebhookSecret(): string {
  return PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** The headers of one delivery. `timestamp` is the attempt's time in Unix seconds; `id` stays the same over retries. */
export async function signedHeaders(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): Promise<Record<string, string>> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signWebhook(secret, { id, timestamp, body }),
  };
}

async function signWebhook(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): Promise<string> {
  if (!secret.startsWith(PREFIX)) throw new Error("A webhook secret begins with whsec_.");
  const bytes = Uint8Array.from(atob(secret.slice(PREFIX.length)), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestamp}.${body}`));
  return `v1,${toBase64(new Uint8Array(mac))}`;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
