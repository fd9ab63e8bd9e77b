/**
 * What was used and what it cost, hour by hour. Receipts are counted into hours when somebody asks, and by the alarm,
 * which then ships the hours that changed to D1: each with its whole sum and the number of the last receipt in it. So
 * an hour may be shipped twice, late or out of order and still counts once.
 */
import { type UsageRange, type UsageSum, usageStatement } from "../usage/query.ts";
import type { UsageRow } from "../usage/usage.ts";

/** How long usage waits to be shipped together with what follows, in milliseconds. */
const SHIP_AFTER_MS = 10_000;
/** How long a shipment that failed waits, twice as long after each further failure. */
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 600_000;
/** A shipment that was cut off by a crash is repeated after this time, in milliseconds. */
const CLAIM_MS = 60_000;
/** The most hours in one shipment. */
const BATCH = 500;

/** An hour's sum with the number of the last receipt that is counted in it. */
export interface ShippedRow extends UsageRow {
  readonly sequence: number;
}

type Row = { [Key in keyof ShippedRow]: ShippedRow[Key] };

/** Counts the receipts that are not counted yet. */
function countReceipts(sql: SqlStorage): void {
  const last = sql
    .exec<{ last: number }>("SELECT coalesce(max(sequence), 0) AS last FROM receipt")
    .one().last;
  if (last <= readMeter(sql).counted) return;
  sql.exec(
    `INSERT INTO usage
       (hour, key, model, status, requests, cached, image_tokens, text_tokens, output_tokens, charge, sequence)
     SELECT at / 3600000 * 3600000, payload ->> 'key', payload ->> 'model', payload ->> 'status', count(*),
       sum(payload ->> 'cache' IS 'hit'), sum(payload ->> '$.usage.image_tokens'),
       sum(payload ->> '$.usage.text_tokens'), sum(payload ->> '$.usage.output_tokens'),
       sum(payload ->> 'cost_microcredits'), max(sequence)
     FROM receipt WHERE sequence > (SELECT counted FROM meter) GROUP BY 1, 2, 3, 4
     ON CONFLICT (hour, key, model, status) DO UPDATE SET
       requests = requests + excluded.requests, cached = cached + excluded.cached,
       image_tokens = image_tokens + excluded.image_tokens, text_tokens = text_tokens + excluded.text_tokens,
       output_tokens = output_tokens + excluded.output_tokens, charge = charge + excluded.charge,
       sequence = excluded.sequence`,
  );
  sql.exec("UPDATE meter SET counted = ?", last);
}

/** Sums with everything that has happened until now. */
export function readUsage(sql: SqlStorage, range: UsageRange): UsageSum[] {
  countReceipts(sql);
  const { sql: statement, values } = usageStatement(range);
  return sql.exec<{ [Key in keyof UsageSum]: UsageSum[Key] }>(statement, ...values).toArray();
}

/** When usage is to be shipped, or null while D1 has everything. */
export function shipmentDue(sql: SqlStorage): number | null {
  return sql
    .exec<{ due: number | null }>(
      `SELECT max(due_at, coalesce(
         (SELECT at + ${SHIP_AFTER_MS} FROM receipt WHERE sequence > shipped ORDER BY sequence LIMIT 1),
         CASE WHEN counted > shipped THEN due_at END)) AS due FROM meter`,
    )
    .one().due;
}

/** Takes the hours that are to be shipped now, the longest unshipped first; empty when nothing is due. */
export function claimShipment(sql: SqlStorage, now: number): ShippedRow[] {
  const due = shipmentDue(sql);
  if (due === null || due > now) return [];
  countReceipts(sql);
  sql.exec("UPDATE meter SET due_at = ?", now + CLAIM_MS);
  return sql
    .exec<Row>(
      `SELECT hour, key, model, status, requests, cached, image_tokens AS imageTokens, text_tokens AS textTokens,
         output_tokens AS outputTokens, charge, sequence
       FROM usage WHERE sequence > (SELECT shipped FROM meter) ORDER BY sequence LIMIT ?`,
      BATCH,
    )
    .toArray();
}

/** Notes that D1 has a shipment. What was counted into its hours meanwhile has a higher number and is shipped again. */
export function recordShipment(sql: SqlStorage, rows: readonly ShippedRow[]): void {
  const last = rows.at(-1)?.sequence ?? 0;
  sql.exec("UPDATE meter SET shipped = max(shipped, ?), due_at = 0, failures = 0", last);
}

/** Notes that a shipment failed. */
export function recordFailure(sql: SqlStorage, now: number): void {
  const { failures } = readMeter(sql);
  const wait = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
  sql.exec("UPDATE meter SET due_at = ?, failures = failures + 1", now + wait);
}

function readMeter(sql: SqlStorage) {
  return sql
    .exec<{ counted: number; shipped: number; failures: number }>(
      "SELECT counted, shipped, failures FROM meter",
    )
    .one();
}
