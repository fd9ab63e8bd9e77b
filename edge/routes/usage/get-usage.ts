import { accountError, requireKey } from "../../auth/caller.ts";
import { readQuery } from "../../read-query.ts";
import { KEY_SECURITY, type Operation } from "../operation.ts";
import { readRange, usageAnswer, usageQuery, usageResponse } from "./wire.ts";

/** Exact to the micro-credit, up to the request that ended last: the account's own object answers. */
export const getUsage: Operation = {
  route: {
    method: "get",
    path: "/v1/usage",
    summary: "What was used and what it cost",
    description:
      "Sums of the requests that have ended, by bucket, key, model and status. They add up to what the ledger says " +
      "was charged, before refunds.",
    security: KEY_SECURITY,
    request: { query: usageQuery },
    responses: { 200: usageResponse },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const query = readQuery(context, usageQuery);
    const caller = context.get("caller");
    const sums = await caller.object.usage(caller.keyHash, readRange(query, Date.now()));
    if (!sums.ok) throw accountError(sums.error);
    return usageAnswer(context, sums.value, query);
  },
};
