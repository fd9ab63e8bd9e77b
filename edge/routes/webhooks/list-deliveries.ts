import { z } from "@hono/zod-openapi";
import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { readQuery } from "../../read-query.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { pageBody, pageParameters, pageResponse } from "../page.ts";
import { deliveryBody, deliverySchema } from "./wire.ts";

const query = z.strictObject(pageParameters("event", 20));

export const listDeliveries: Operation = {
  route: {
    method: "get",
    path: "/v1/webhooks/deliveries",
    summary: "What has become of the account's events, the latest first",
    description: "Those of jobs and the account's own, until a day after they were delivered or given up.",
    security: KEY_SECURITY,
    request: { query },
    responses: {
      200: pageResponse("A page of events", deliverySchema),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const range = readQuery(context, query);
    const caller = context.get("caller");
    const page = await caller.object.deliveries(caller.keyHash, range);
    if (!page.ok) throw accountError(page.error);
    if (page.value === null) {
      throw new ApiError("delivery_not_found", "There is no such event.", { param: "after" });
    }
    const { items, more } = page.value;
    return context.json(pageBody({ items: items.map(deliveryBody), more }));
  },
};
