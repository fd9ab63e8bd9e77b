/** The key that signs receipts, as a JWK (RFC 8037), and the public halves of its predecessors. */
import { generateKeyPairSync } from "node:crypto";
import { z } from "zod";

const RULE = "must be a private Ed25519 key as a JWK with kty, crv, x and d";

export const privateReceiptKey = z.object(
  { kty: z.literal("OKP", RULE), crv: z.literal("Ed25519", RULE), x: z.string(RULE), d: z.string(RULE) },
  RULE,
);
export type PrivateReceiptKey = z.infer<typeof privateReceiptKey>;

export const publicReceiptKey = privateReceiptKey.omit({ d: true });
export type PublicReceiptKey = z.infer<typeof publicReceiptKey>;

export function newReceiptKey(): PrivateReceiptKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateReceiptKey.parse(privateKey.export({ format: "jwk" }));
}

/** The retired keys after `present` has taken the place of `kept`, which may be the same key. */
export function retire(
  kept: PrivateReceiptKey,
  present: PrivateReceiptKey,
  retired: readonly PublicReceiptKey[],
): PublicReceiptKey[] {
  const { kty, crv, x } = kept;
  const others = retired.filter((key) => key.x !== x);
  return [{ kty, crv, x }, ...others].filter((key) => key.x !== present.x);
}
