import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { deliveryBody, deliverySchema } from "./wire.ts";

export const redeliver: Operation = {
  route: {
    method: "post",
    path: "/v1/webhooks/deliveries/{id}/redeliver",
    summary: "Send an event once more",
    description:
      "At once and under the same id, whether it was delivered, given up or waits. If it fails, it is sent again as " +
      "its attempts so far allow.",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The event, due now", deliverySchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    const sent = await caller.object.redeliver(caller.keyHash, context.req.param("id") ?? "");
    if (!sent.ok) throw accountError(sent.error);
    if (!sent.value) throw new ApiError("delivery_not_found", "There is no such event.");
    return context.json(deliveryBody(sent.value));
  },
};
