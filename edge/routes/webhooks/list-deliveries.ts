import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { deliveryBody, deliverySchema } from "./wire.ts";

const query = z.strictObject({
  after: z.string().optional().openapi({ description: "The id of the last event of the page before" }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const listDeliveries: Operation = {
  route: {
    method: "get",
    path: "/v1/webhooks/deliveries",
    summary: "What has become of the account's events, the latest first",
    description: "Those of jobs and the account's own, until a day after they were delivered or given up.",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: jsonResponse(
        "A page of events",
        z.object({ object: z.literal("list"), data: z.array(deliverySchema), has_more: z.boolean() }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { after, limit } = readQuery(context, query);
    const caller = context.get("caller");
    const page = await caller.object.deliveries(caller.keyHash, { after: after ?? null, limit });
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) {
      throw new ApiError("delivery_not_found", "There is no such event.", { param: "after" });
    }
    const { deliveries, more } = page.value;
    return context.json({ object: "list", data: deliveries.map(deliveryBody), has_more: more });
  },
};
