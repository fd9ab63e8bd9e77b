import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyError, keySchema } from "./wire.ts";

const query = z.strictObject({
  after: z.string().optional().openapi({ description: "The id of the last key of the page before" }),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});

export const listKeys: Operation = {
  route: {
    method: "get",
    path: "/v1/keys",
    summary: "The account's keys, the oldest first",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: jsonResponse(
        "A page of keys",
        z.object({ object: z.literal("list"), data: z.array(keySchema), has_more: z.boolean() }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { after, limit } = readQuery(context, query);
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const page = await caller.object.listKeys(caller.keyHash, { after: after ?? null, limit });
    if (!page.ok) throw keyError(page.error);
    if (page.value === null) throw new ApiError("key_not_found", "There is no such key.", { param: "after" });
    return context.json({ object: "list", data: page.value.keys.map(keyBody), has_more: page.value.more });
  },
};
