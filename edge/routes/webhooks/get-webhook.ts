import { accountError, requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { endpointBody, endpointSchema } from "./wire.ts";

export const getWebhook: Operation = {
  route: {
    method: "get",
    path: "/v1/webhooks",
    summary: "Where the account's events go",
    security: KEY_SECURITY,
    responses: { 200: jsonResponse("The endpoint", endpointSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    await caller.authorise("webhooks:write");
    const endpoint = await caller.object.webhookEndpoint(caller.keyHash);
    if (!endpoint.ok) throw accountError(endpoint.error);
    return context.json(endpointBody(endpoint.value));
  },
};
