import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, booking, ledgerOf, ledgerSchema, objectOf } from "./wire.ts";

export const grantCredit: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/accounts/{id}/grants",
    summary: "Grant credit",
    security: ADMIN_SECURITY,
    request: {
      params: accountParams,
      ...jsonBody(booking, { id: "invoice-17", amount_microcredits: 1_000_000 }),
    },
    responses: { 201: jsonResponse("The ledger afterwards", ledgerSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const body = await readJson(context, booking);
    const granted = await objectOf(context).grant({
      id: `grant/${body.id}`,
      amount: body.amount_microcredits,
    });
    return context.json(ledgerOf(granted), 201);
  },
};
