import { z } from "@hono/zod-openapi";
import { RECEIPT_ALGORITHM } from "../../../core/receipt.ts";
import { receiptKeys } from "../../receipts/signing-key.ts";
import { jsonResponse, type Operation } from "../operation.ts";

/** How long a verifier may keep the set, in seconds; one that meets an unknown key asks again anyway. */
const MAX_AGE_SECONDS = 300;

const keySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        x: z.string(),
        kid: z.string().openapi({ description: "The key's thumbprint (RFC 7638)" }),
        use: z.literal("sig"),
        alg: z.literal(RECEIPT_ALGORITHM),
      }),
    ),
  })
  .openapi("KeySet");

export const getKeySet: Operation = {
  route: {
    method: "get",
    path: "/.well-known/jwks.json",
    summary: "The public keys that receipts are signed with, retired ones included",
    responses: { 200: jsonResponse("A JWK Set (RFC 7517)", keySet) },
  },
  handler: async (context) => {
    const { published } = await receiptKeys(context.env);
    const keys = published.map((key) => ({ ...key, use: "sig", alg: RECEIPT_ALGORITHM }));
    return context.json({ keys }, 200, { "cache-control": `public, max-age=${MAX_AGE_SECONDS}` });
  },
};
