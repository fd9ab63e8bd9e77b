/** The question for sums of usage, which an account's own object and D1 are asked in the same words. */
import type { UsageRow } from "./usage.ts";

export const BUCKETS = ["hour", "day", "month"] as const;
export type Bucket = (typeof BUCKETS)[number];

/** The most rows of one answer; a wider range is asked for in parts, or in larger buckets. */
export const MOST_ROWS = 10_000;

export interface UsageRange {
  readonly bucket: Bucket;
  /** The hours from `from` to before `to`, in Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Only this key, model and outcome; null for all. */
  readonly key: string | null;
  readonly model: string | null;
  readonly status: string | null;
}

/** What was used in one bucket by one key, of one model, with one outcome. */
export interface UsageSum extends Omit<UsageRow, "hour"> {
  /** The bucket's beginning in UTC, in Unix milliseconds. */
  readonly start: number;
}

/** The beginning of an hour's bucket. */
const START: Readonly<Record<Bucket, string>> = {
  hour: "hour",
  day: "hour / 86400000 * 86400000",
  month: "unixepoch(hour / 1000, 'unixepoch', 'start of month') * 1000",
};

/**
 * The statement and its values. The rows are ordered by bucket, at most one more than an answer may have. Across
 * accounts they say whose they are: of one account or, with null, of all.
 */
export function usageStatement(
  { bucket, from, to, key, model, status }: UsageRange,
  across?: { readonly account: string | null },
): { readonly sql: string; readonly values: (string | number | null)[] } {
  const account = across ? "account, " : "";
  return {
    sql: `SELECT ${START[bucket]} AS start, ${account}key, model, status, sum(requests) AS requests, sum(cached) AS cached,
        sum(image_tokens) AS imageTokens, sum(text_tokens) AS textTokens, sum(output_tokens) AS outputTokens,
        sum(charge) AS charge
      FROM usage WHERE hour >= ?1 AND hour < ?2 AND (?3 IS NULL OR key = ?3) AND (?4 IS NULL OR model = ?4)
        AND (?5 IS NULL OR status = ?5) ${across ? "AND (?6 IS NULL OR account = ?6)" : ""}
      GROUP BY start, ${account}key, model, status ORDER BY start, ${account}key, model, status
      LIMIT ${MOST_ROWS + 1}`,
    values: [from, to, key, model, status, ...(across ? [across.account] : [])],
  };
}
