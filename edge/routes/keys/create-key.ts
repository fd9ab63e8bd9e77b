import { z } from "@hono/zod-openapi";
import { SCOPES } from "../../account/scopes.ts";
import { requireKey } from "../../auth/caller.ts";
import { readJson } from "../../read-json.ts";
import { jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { keyBody, keySchema, scopeSchema } from "./wire.ts";

const newKey = z
  .strictObject({
    name: z.string().min(1).max(128),
    scopes: z
      .array(scopeSchema)
      .min(1)
      .default([...SCOPES]),
    /** Unix seconds. */
    expires_at: z.int().min(1).max(253_402_300_799).nullable().default(null),
    requests_per_minute: z.int().min(1).max(100_000).default(600),
    concurrency: z.int().min(1).max(10_000).default(64),
  })
  .openapi("NewKey");

export const createKey: Operation = {
  route: {
    method: "post",
    path: "/v1/keys",
    summary: "Make a key; it is shown once",
    security: KEY_SECURITY,
    request: jsonBody(newKey),
    responses: { 201: jsonResponse("The key", keySchema.extend({ key: z.string() })) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const body = await readJson(context, newKey);
    const caller = context.get("caller");
    await caller.authorise("keys:write");
    const { key, record } = await caller.object.createKey({
      name: body.name,
      scopes: body.scopes,
      expiresAt: body.expires_at === null ? null : body.expires_at * 1000,
      limits: { requestsPerMinute: body.requests_per_minute, concurrency: body.concurrency },
    });
    return context.json({ ...keyBody(record), key }, 201);
  },
};
