import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

export const deleteWebhook: Operation = {
  route: {
    method: "delete",
    path: "/v1/webhooks",
    summary: "Send the account's events nowhere",
    security: KEY_SECURITY,
    responses: {
      200: jsonResponse(
        "Removed",
        z.object({ object: z.literal("webhook.deleted"), deleted: z.literal(true) }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    await caller.authorise("webhooks:write");
    const removed = await caller.object.setWebhookEndpoint(caller.keyHash, null);
    if (!removed.ok) throw accountError(removed.error);
    return context.json({ object: "webhook.deleted", deleted: true });
  },
};
