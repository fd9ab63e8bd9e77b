import { accountError, requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keySchema } from "./wire.ts";

export const getOwnKey: Operation = {
  route: {
    method: "get",
    path: "/v1/key",
    summary: "The asking key's options and what it has used",
    description: "Any key may ask this about itself, whatever its scopes.",
    security: KEY_SECURITY,
    responses: { 200: jsonResponse("The key", keySchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const caller = context.get("caller");
    const record = await caller.object.ownKey(caller.keyHash);
    if (!record.ok) throw accountError(record.error);
    return context.json(keyBody(record.value));
  },
};
