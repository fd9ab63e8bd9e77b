import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyError, keySchema } from "./wire.ts";

export const getKey: Operation = {
  route: {
    method: "get",
    path: "/v1/keys/{id}",
    summary: "A key's options and what it has used",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The key", keySchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const record = await caller.object.readKey(caller.keyHash, context.req.param("id") ?? "");
    if (!record.ok) throw keyError(record.error);
    return context.json(keyBody(record.value));
  },
};
