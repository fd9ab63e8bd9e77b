import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { receiptKeys } from "../../receipts/signing-key.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { receiptBody, showReceipt } from "./wire.ts";

const query = z.strictObject({
  order: z
    .enum(["asc", "desc"])
    .default("desc")
    .openapi({ description: "Along the chain (`asc`) or latest first" }),
  after: z.string().optional().openapi({ description: "The id of the last receipt of the page before" }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const listReceipts: Operation = {
  route: {
    method: "get",
    path: "/v1/receipts",
    summary: "The account's receipts",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: jsonResponse(
        "A page of receipts",
        z.object({ object: z.literal("list"), data: z.array(receiptBody), has_more: z.boolean() }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { order, after, limit } = readQuery(context, query);
    const caller = context.get("caller");
    const page = await caller.object.receipts(caller.keyHash, { order, after: after ?? null, limit });
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) {
      throw new ApiError("receipt_not_found", "There is no such receipt.", { param: "after" });
    }
    const keys = await receiptKeys(context.env);
    const data = await Promise.all(page.value.payloads.map((payload) => showReceipt(keys, payload)));
    return context.json({ object: "list", data, has_more: page.value.more });
  },
};
