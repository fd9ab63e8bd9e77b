import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyChanges, keyError, keySchema, readOptions } from "./wire.ts";

export const updateKey: Operation = {
  route: {
    method: "patch",
    path: "/v1/keys/{id}",
    summary: "Change a key's name, limits or budget",
    description: "Takes effect on the key's next request. Never to more than the asking key has.",
    security: KEY_SECURITY,
    request: {
      params: z.object({ id: z.string() }),
      ...jsonBody(keyChanges, { budget: { day_microcredits: 1_000_000 } }),
    },
    responses: { 200: jsonResponse("The key", keySchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, keyChanges);
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const id = context.req.param("id") ?? "";
    const record = await caller.object.updateKey(caller.keyHash, id, readOptions(body));
    if (!record.ok) throw keyError(record.error);
    return context.json(keyBody(record.value));
  },
};
