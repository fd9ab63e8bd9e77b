import { z } from "@hono/zod-openapi";
import type { KeyRecord } from "../../account/contract.ts";
import { SCOPES } from "../../account/scopes.ts";
import { toSeconds } from "../../seconds.ts";

export const scopeSchema = z.enum(SCOPES);

export const keySchema = z
  .object({
    id: z.string(),
    object: z.literal("key"),
    name: z.string(),
    start: z.string().openapi({ description: "The key's first characters" }),
    scopes: z.array(scopeSchema),
    requests_per_minute: z.int(),
    concurrency: z.int(),
    created_at: z.int().openapi({ description: "Unix seconds" }),
    expires_at: z.int().nullable(),
    revoked_at: z.int().nullable(),
  })
  .openapi("Key");

/** A key as it is listed. */
export function keyBody(record: KeyRecord): z.infer<typeof keySchema> {
  return {
    id: record.id,
    object: "key",
    name: record.name,
    start: record.start,
    scopes: [...record.scopes],
    requests_per_minute: record.limits.requestsPerMinute,
    concurrency: record.limits.concurrency,
    created_at: toSeconds(record.createdAt),
    expires_at: record.expiresAt === null ? null : toSeconds(record.expiresAt),
    revoked_at: record.revokedAt === null ? null : toSeconds(record.revokedAt),
  };
}
