import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, findAccount, ledgerBody, ledgerSchema } from "./wire.ts";

/** A million credits at once, in micro-credits: thousands of grants still add up exactly in a double. */
export const MAX_GRANT = 1e12;

const grant = z
  .strictObject({
    id: z.string().min(1).max(128).openapi({ description: "Names the grant: sent twice, it counts once." }),
    amount_microcredits: z.int().min(1).max(MAX_GRANT),
  })
  .openapi("Grant");

export const grantCredit: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/accounts/{id}/grants",
    summary: "Grant credit",
    security: ADMIN_SECURITY,
    request: { params: accountParams, ...jsonBody(grant) },
    responses: { 201: jsonResponse("The ledger afterwards", ledgerSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const body = await readJson(context, grant);
    const account = await findAccount(context);
    const ledger = await account.grant({ id: `grant/${body.id}`, amount: body.amount_microcredits });
    return context.json(ledgerBody(ledger), 201);
  },
};
