import { hmacKey, toHex } from "../../core/signature.ts";

/** An account's name towards GPU workers: keeps their caches apart without telling them who asks. */
export async function namespaceOf(secret: string, account: string): Promise<string> {
  const name = new TextEncoder().encode(`namespace\n${account}`);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(secret), name)));
}
