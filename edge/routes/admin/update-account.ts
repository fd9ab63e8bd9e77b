import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { accountBody, accountParams, accountSchema, noSuchAccount, objectOf } from "./wire.ts";

const changes = z.strictObject({ suspended: z.boolean() }).openapi("AccountChanges");

export const updateAccount: Operation = {
  route: {
    method: "patch",
    path: "/v1/admin/accounts/{id}",
    summary: "Suspend an account, or let it go on",
    description:
      "A suspended account's keys open nothing from their next request on; what they have begun ends as it would.",
    security: ADMIN_SECURITY,
    request: { params: accountParams, ...jsonBody(changes, { suspended: false }) },
    responses: { 200: jsonResponse("The account", accountSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const { suspended } = await readJson(context, changes);
    const account = objectOf(context);
    const profile = await account.suspend(suspended);
    if (!profile) throw noSuchAccount();
    return context.json(accountBody(profile, await account.ledger()));
  },
};
