/** Hours summed into the buckets that somebody asked for, as JSON or CSV. */
import type { UsageRow } from "./usage.ts";

export const BUCKETS = ["hour", "day", "month"] as const;
export type Bucket = (typeof BUCKETS)[number];

/** A row of usage; across accounts, also whose it is. */
export type AnyUsageRow = UsageRow & { readonly account?: string };

/** The beginning of the bucket that an hour falls into, in UTC and Unix milliseconds. */
export function bucketOf(hour: number, bucket: Bucket): number {
  const date = new Date(hour);
  if (bucket !== "hour") date.setUTCHours(0, 0, 0, 0);
  if (bucket === "month") date.setUTCDate(1);
  return date.getTime();
}

/** Hours of the same bucket, account, key, model and status in one row; `hour` becomes the bucket's beginning. */
export function sumBuckets<Row extends AnyUsageRow>(rows: readonly Row[], bucket: Bucket): Row[] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const hour = bucketOf(row.hour, bucket);
    const name = JSON.stringify([hour, row.account, row.key, row.model, row.status]);
    const sum = sums.get(name);
    sums.set(name, sum ? add(sum, row) : { ...row, hour });
  }
  return [...sums.values()];
}

function add<Row extends AnyUsageRow>(sum: Row, row: Row): Row {
  return {
    ...sum,
    requests: sum.requests + row.requests,
    cached: sum.cached + row.cached,
    imageTokens: sum.imageTokens + row.imageTokens,
    textTokens: sum.textTokens + row.textTokens,
    outputTokens: sum.outputTokens + row.outputTokens,
    charge: sum.charge + row.charge,
  };
}

/** RFC 4180: a header line, then one line a row. */
export function toCsv(
  rows: readonly Readonly<Record<string, string | number>>[],
  columns: readonly string[],
): string {
  const line = (cells: readonly (string | number)[]) => `${cells.map(cellOf).join(",")}\r\n`;
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ""))).join("");
}

function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
