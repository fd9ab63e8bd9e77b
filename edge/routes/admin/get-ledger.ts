import { requireOperator } from "../../auth/operator.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, ledgerBody, ledgerSchema, noSuchAccount, objectOf } from "./wire.ts";

export const getLedger: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/accounts/{id}/ledger",
    summary: "An account's money",
    security: ADMIN_SECURITY,
    request: { params: accountParams },
    responses: { 200: jsonResponse("The ledger", ledgerSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const account = objectOf(context);
    const [profile, ledger] = await Promise.all([account.profile(), account.ledger()]);
    if (!profile) throw noSuchAccount();
    return context.json(ledgerBody(ledger));
  },
};
