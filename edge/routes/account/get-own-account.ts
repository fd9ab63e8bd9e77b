import { accountError, requireKey } from "../../auth/caller.ts";
import { accountBody, accountSchema } from "../admin/wire.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

export const getOwnAccount: Operation = {
  route: {
    method: "get",
    path: "/v1/account",
    summary: "The account and its money",
    security: KEY_SECURITY,
    responses: { 200: jsonResponse("The account", accountSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    const standing = await caller.object.standing(caller.keyHash);
    if (!standing.ok) throw accountError(standing.error);
    return context.json(accountBody(standing.value.profile, standing.value.ledger));
  },
};
