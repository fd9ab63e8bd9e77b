import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { readQuery } from "../../read-query.ts";
import { readShippedUsage } from "../../usage/database.ts";
import { ADMIN_SECURITY, type Operation } from "../operation.ts";
import { ADMIN_COLUMNS, adminUsageResponse, readRange, usageAnswer, usageQuery } from "../usage/wire.ts";

const query = usageQuery.extend({
  account: z.string().optional().openapi({ description: "Only this account, by its id" }),
});

/** From D1, where each account's sums arrive some seconds after its requests have ended. */
export const getAllUsage: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/usage",
    summary: "What all accounts have used",
    description: "As `GET /v1/usage`, across accounts; requests of the last seconds may be missing.",
    security: ADMIN_SECURITY,
    request: { query },
    responses: { 200: adminUsageResponse },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const { account = null, ...asked } = readQuery(context, query);
    const sums = await readShippedUsage(context.env.DB, account, readRange(asked, Date.now()));
    return usageAnswer(context, sums, asked, ADMIN_COLUMNS);
  },
};
