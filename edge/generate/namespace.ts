import { toHex } from "../../core/signature.ts";

/** An account's name towards GPU workers: keeps their caches apart without telling them who asks. */
export async function namespaceOf(secret: string, account: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return toHex(
    new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(`namespace\n${account}`))),
  );
}
