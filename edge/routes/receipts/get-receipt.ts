import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { receiptKeys } from "../../receipts/signing-key.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { receiptBody, showReceipt } from "./wire.ts";

export const getReceipt: Operation = {
  route: {
    method: "get",
    path: "/v1/receipts/{id}",
    summary: "A request's signed receipt",
    description:
      "The id is in the answer's header `x-tessera-receipt`; the receipt is there once the request has ended.",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The receipt", receiptBody) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    const payload = await caller.object.receipt(caller.keyHash, context.req.param("id") ?? "");
    if (!payload.ok) throw accountError(payload.error);
    if (payload.value === null) throw new ApiError("receipt_not_found", "There is no such receipt.");
    return context.json(await showReceipt(await receiptKeys(context.env), payload.value));
  },
};
