import { usedNow } from "../budgets.ts";
import type { KeyRecord } from "../contract.ts";
import { type KeyRow, optionsOf, readLineage } from "./row.ts";

type ListedRow = KeyRow & { start: string };

const LISTED = `SELECT key.*,
  (SELECT start FROM secret WHERE secret.key = key.id AND until IS NULL) AS start FROM key`;

export interface KeyRange {
  /** The id of the key before the first one wanted; null for the oldest. */
  readonly after: string | null;
  readonly limit: number;
}

/** Keys, the oldest first in the order of their rows, and whether more follow; null when `after` is unknown. */
export function listKeys(
  sql: SqlStorage,
  { after, limit }: KeyRange,
  now: number,
): { keys: KeyRecord[]; more: boolean } | null {
  const place = after === null ? 0 : placeOf(sql, after);
  if (place === undefined) return null;
  const keys = sql
    .exec<ListedRow>(`${LISTED} WHERE rowid > ? ORDER BY rowid LIMIT ?`, place, limit + 1)
    .toArray()
    .map((row) => toRecord(row, now));
  return { keys: keys.slice(0, limit), more: keys.length > limit };
}

export function findKey(sql: SqlStorage, id: string, now: number): KeyRecord | undefined {
  const row = sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).toArray()[0];
  return row && toRecord(row, now);
}

/** The record of a key that has just been written. */
export function recordOf(sql: SqlStorage, id: string, now: number): KeyRecord {
  return toRecord(sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).one(), now);
}

function placeOf(sql: SqlStorage, id: string): number | undefined {
  return sql.exec<{ rowid: number }>("SELECT rowid FROM key WHERE id = ?", id).toArray()[0]?.rowid;
}

function toRecord(row: ListedRow, now: number): KeyRecord {
  return {
    ...optionsOf(row),
    id: row.id,
    start: row.start,
    createdBy: readLineage(row.lineage)[1] ?? null,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    used: usedNow(row, now),
  };
}
