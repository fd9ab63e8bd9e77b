import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { pageBody, pageParameters, pageResponse } from "../page.ts";
import { keyBody, keyError, keySchema } from "./wire.ts";

const query = z.strictObject(pageParameters("key", 100));

export const listKeys: Operation = {
  route: {
    method: "get",
    path: "/v1/keys",
    summary: "The account's keys, the oldest first",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: pageResponse("A page of keys", keySchema),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const range = readQuery(context, query);
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const page = await caller.object.listKeys(caller.keyHash, range);
    if (!page.ok) throw keyError(page.error);
    if (page.value === null) throw new ApiError("key_not_found", "There is no such key.", { param: "after" });
    const { items, more } = page.value;
    return context.json(pageBody({ items: items.map(keyBody), more }));
  },
};
