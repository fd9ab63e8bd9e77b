import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyError, keySchema } from "./wire.ts";

export const listKeys: Operation = {
  route: {
    method: "get",
    path: "/v1/keys",
    summary: "The account's keys",
    security: KEY_SECURITY,
    responses: {
      200: jsonResponse("The keys", z.object({ object: z.literal("list"), data: z.array(keySchema) })),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const records = await caller.object.listKeys(caller.keyHash);
    if (!records.ok) throw keyError(records.error);
    return context.json({ object: "list", data: records.value.map(keyBody) });
  },
};
