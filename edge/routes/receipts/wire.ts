import { z } from "@hono/zod-openapi";
import { receiptSchema } from "../../../core/receipt.ts";
import type { ReceiptKeys } from "../../receipts/signing-key.ts";

export const receiptBody = z
  .object({
    id: z.string(),
    object: z.literal("receipt"),
    jws: z
      .string()
      .openapi({ description: "The receipt itself: a compact JWS (RFC 7515), signed with Ed25519" }),
    payload: receiptSchema.openapi("ReceiptPayload", { description: "What the JWS says, decoded" }),
  })
  .openapi("Receipt");

/** A receipt as it is shown, signed now. */
export async function showReceipt(keys: ReceiptKeys, text: string): Promise<z.infer<typeof receiptBody>> {
  const payload = receiptSchema.parse(JSON.parse(text));
  return { id: payload.id, object: "receipt", jws: await keys.sign(text), payload };
}
