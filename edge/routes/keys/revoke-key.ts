import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyError } from "./wire.ts";

export const revokeKey: Operation = {
  route: {
    method: "delete",
    path: "/v1/keys/{id}",
    summary: "Revoke a key; its next request fails",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: {
      200: jsonResponse(
        "Revoked",
        z.object({ id: z.string(), object: z.literal("key.deleted"), deleted: z.literal(true) }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const id = context.req.param("id") ?? "";
    const revoked = await caller.object.revokeKey(caller.keyHash, id);
    if (!revoked.ok) throw keyError(revoked.error);
    return context.json({ id, object: "key.deleted", deleted: true });
  },
};
