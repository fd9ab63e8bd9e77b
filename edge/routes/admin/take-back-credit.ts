import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, booking, ledgerOf, ledgerSchema, objectOf } from "./wire.ts";

export const takeBackCredit: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/accounts/{id}/take-backs",
    summary: "Take credit back",
    description: "At most the balance: what requests in progress hold is theirs.",
    security: ADMIN_SECURITY,
    request: {
      params: accountParams,
      ...jsonBody(booking, { id: "invoice-17-reversed", amount_microcredits: 1_000_000 }),
    },
    responses: { 201: jsonResponse("The ledger afterwards", ledgerSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const body = await readJson(context, booking);
    const taken = await objectOf(context).takeBack({
      id: `take-back/${body.id}`,
      amount: body.amount_microcredits,
    });
    return context.json(ledgerOf(taken), 201);
  },
};
