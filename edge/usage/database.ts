/**
 * Usage across accounts, in D1: what the accounts' objects have shipped. An account's own object is the truth about it.
 */
import { z } from "zod";
import type { ShippedRow } from "../account/usage.ts";
import { type UsageRange, type UsageSum, usageStatement } from "./query.ts";

/**
 * Writes an account's hours, each as a whole sum. A later sum replaces an earlier one, whichever comes first, so that a
 * shipment may be repeated or overtaken. Nothing is written for an account that was deleted.
 */
export async function shipUsage(db: D1Database, account: string, rows: readonly ShippedRow[]): Promise<void> {
  await db
    .prepare(
      `INSERT INTO usage (account, hour, key, model, status, requests, cached, image_tokens, text_tokens,
         output_tokens, charge, sequence)
       SELECT ?1, value ->> 'hour', value ->> 'key', value ->> 'model', value ->> 'status', value ->> 'requests',
         value ->> 'cached', value ->> 'imageTokens', value ->> 'textTokens', value ->> 'outputTokens',
         value ->> 'charge', value ->> 'sequence'
       FROM json_each(?2) WHERE EXISTS (SELECT 1 FROM account WHERE id = ?1)
       ON CONFLICT (account, hour, key, model, status) DO UPDATE SET
         requests = excluded.requests, cached = excluded.cached, image_tokens = excluded.image_tokens,
         text_tokens = excluded.text_tokens, output_tokens = excluded.output_tokens, charge = excluded.charge,
         sequence = excluded.sequence
       WHERE excluded.sequence > usage.sequence`,
    )
    .bind(account, JSON.stringify(rows))
    .run();
}

const row = z.object({
  start: z.int(),
  account: z.string(),
  key: z.string(),
  model: z.string(),
  status: z.string(),
  requests: z.int(),
  cached: z.int(),
  imageTokens: z.int(),
  textTokens: z.int(),
  outputTokens: z.int(),
  charge: z.int(),
}) satisfies z.ZodType<UsageSum & { readonly account: string }>;

/** What one account or, with null, every account has used. */
export async function readShippedUsage(
  db: D1Database,
  account: string | null,
  range: UsageRange,
): Promise<z.infer<typeof row>[]> {
  const { sql, values } = usageStatement(range, { account });
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all();
  return z.array(row).parse(results);
}
