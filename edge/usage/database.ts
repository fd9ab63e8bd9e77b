/** Usage across accounts, in D1: what the accounts' objects have shipped. An account's own object is the truth about it. */
import { z } from "zod";
import type { ShippedRow } from "../account/usage.ts";
import type { UsageRow } from "./usage.ts";

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
  account: z.string(),
  hour: z.int(),
  key: z.string(),
  model: z.string(),
  status: z.string(),
  requests: z.int(),
  cached: z.int(),
  imageTokens: z.int(),
  textTokens: z.int(),
  outputTokens: z.int(),
  charge: z.int(),
});

/** The hours from `from` to before `to` (Unix milliseconds) of one account or, with null, of all. */
export async function readShippedUsage(
  db: D1Database,
  { account, from, to }: { account: string | null; from: number; to: number },
): Promise<(UsageRow & { readonly account: string })[]> {
  const { results } = await db
    .prepare(
      `SELECT account, hour, key, model, status, requests, cached, image_tokens AS imageTokens,
         text_tokens AS textTokens, output_tokens AS outputTokens, charge
       FROM usage WHERE hour >= ?1 AND hour < ?2 AND (?3 IS NULL OR account = ?3)
       ORDER BY hour, account, key, model, status`,
    )
    .bind(from, to, account)
    .all();
  return z.array(row).parse(results);
}
