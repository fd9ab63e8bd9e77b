import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { receiptKeys } from "../../receipts/signing-key.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { pageBody, pageParameters, pageResponse } from "../page.ts";
import { receiptBody, showReceipt } from "./wire.ts";

const query = z.strictObject({
  order: z
    .enum(["asc", "desc"])
    .default("desc")
    .openapi({ description: "Along the chain (`asc`) or latest first" }),
  ...pageParameters("receipt", 20),
});

export const listReceipts: Operation = {
  route: {
    method: "get",
    path: "/v1/receipts",
    summary: "The account's receipts",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: pageResponse("A page of receipts", receiptBody),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const range = readQuery(context, query);
    const caller = context.get("caller");
    const page = await caller.object.receipts(caller.keyHash, range);
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) {
      throw new ApiError("receipt_not_found", "There is no such receipt.", { param: "after" });
    }
    const keys = await receiptKeys(context.env);
    const items = await Promise.all(page.value.items.map((payload) => showReceipt(keys, payload)));
    return context.json(pageBody({ items, more: page.value.more }));
  },
};
