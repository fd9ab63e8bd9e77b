import { accountError, requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { checkPublicUrl } from "../../outbound/url.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { endpointBody, endpointSchema, newEndpoint } from "./wire.ts";

export const putWebhook: Operation = {
  route: {
    method: "put",
    path: "/v1/webhooks",
    summary: "Set where the account's events go",
    description:
      "Today one event: `balance.low`, sent once each time the credit left falls below the threshold.",
    security: KEY_SECURITY,
    request: jsonBody(newEndpoint, {
      url: "https://example.com/events",
      balance_low_microcredits: 1_000_000,
    }),
    responses: { 200: jsonResponse("The endpoint", endpointSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, newEndpoint);
    const caller = context.get("caller");
    await caller.authorise("webhooks:write");
    const url = checkPublicUrl(body.url, { loopback: context.env.LOOPBACK_WEBHOOKS === "allow" });
    if (!url.ok) throw new ApiError(url.error.code, url.error.message, { param: "url" });
    const endpoint = { url: url.value.href, balanceLow: body.balance_low_microcredits };
    const set = await caller.object.setWebhookEndpoint(caller.keyHash, endpoint);
    if (!set.ok) throw accountError(set.error);
    return context.json(endpointBody(endpoint));
  },
};
