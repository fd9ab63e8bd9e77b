import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, keptSchema, ledgerBody, ledgerSchema, noSuchAccount, objectOf } from "./wire.ts";

const deleted = z
  .object({
    id: z.string(),
    object: z.literal("account.deleted"),
    ledger: z.union([ledgerSchema, z.null()]).openapi({
      description: "The account's last: what was held has been given back. Null when it was deleted before.",
    }),
    kept: z.array(keptSchema).openapi({ description: "Empty: nothing is kept any more" }),
  })
  .openapi("DeletedAccount");

export const deleteAccount: Operation = {
  route: {
    method: "delete",
    path: "/v1/admin/accounts/{id}",
    summary: "Delete an account with everything that is kept of it",
    description:
      "Keys fail from the next request on, what is held is given back, and outcomes that come later are refused. It " +
      "cannot be undone. Sent again, it deletes whatever is left.",
    security: ADMIN_SECURITY,
    request: { params: accountParams },
    responses: { 200: jsonResponse("Deleted, with the proof", deleted) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const erasure = await objectOf(context).erase();
    if (!erasure) throw noSuchAccount();
    const ledger = erasure.ledger && ledgerBody(erasure.ledger);
    const id = context.req.param("id");
    return context.json({ id, object: "account.deleted", ledger, kept: erasure.kept });
  },
};
