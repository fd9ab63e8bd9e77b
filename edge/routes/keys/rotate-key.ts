import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keyError, SECRET_WEIGHT, shownKey } from "./wire.ts";

/** 30 days. */
const MAX_OVERLAP_SECONDS = 2_592_000;

const rotation = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(0)
      .openapi({ description: "How long the key's present text goes on working" }),
  })
  .openapi("KeyRotation");

export const rotateKey: Operation = {
  route: {
    method: "post",
    path: "/v1/keys/{id}/rotate",
    summary: "Give a key a new text; it is shown once",
    description: "Id, options, budget and what was used stay; the former text ends after the overlap.",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }), ...jsonBody(rotation, { overlap_seconds: 3600 }) },
    responses: { 200: jsonResponse("The key", shownKey) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, rotation);
    const caller = context.get("caller");
    await caller.authorise("keys:write", { weight: SECRET_WEIGHT });
    const id = context.req.param("id") ?? "";
    const rotated = await caller.object.rotateKey(caller.keyHash, id, body.overlap_seconds * 1000);
    if (!rotated.ok) throw keyError(rotated.error);
    return context.json({ ...keyBody(rotated.value.record), key: rotated.value.key });
  },
};
