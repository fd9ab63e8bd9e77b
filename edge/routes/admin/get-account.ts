import { requireOperator } from "../../auth/operator.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";
import { accountBody, accountParams, accountSchema, noSuchAccount, objectOf } from "./wire.ts";

export const getAccount: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/accounts/{id}",
    summary: "An account and its money",
    security: ADMIN_SECURITY,
    request: { params: accountParams },
    responses: { 200: jsonResponse("The account", accountSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const account = objectOf(context);
    const [profile, ledger] = await Promise.all([account.profile(), account.ledger()]);
    if (!profile) throw noSuchAccount();
    return context.json(accountBody(profile, ledger));
  },
};
