import { requireKey } from "../../auth/caller.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyError, newKey, readOptions, SECRET_WEIGHT, shownKey } from "./wire.ts";

export const createKey: Operation = {
  route: {
    method: "post",
    path: "/v1/keys",
    summary: "Make a key; it is shown once",
    description:
      "Never with more than the asking key has; what it spends counts against the asking key's budget too.",
    security: KEY_SECURITY,
    request: jsonBody(newKey, { name: "ci", scopes: ["infer"] }),
    responses: { 201: jsonResponse("The key", shownKey) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, newKey);
    const caller = context.get("caller");
    await caller.authorise("keys:write", { weight: SECRET_WEIGHT });
    const made = await caller.object.deriveKey(caller.keyHash, { ...readOptions(body), name: body.name });
    if (!made.ok) throw keyError(made.error);
    return context.json({ ...keyBody(made.value.record), key: made.value.key }, 201);
  },
};
