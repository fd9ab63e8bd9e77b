import { usedNow } from "../budgets.ts";
import { type Page, type PageRange, placeOf, toPage } from "../page.ts";
import type { KeyRecord } from "./contract.ts";
import { type KeyRow, optionsOf, readLineage } from "./row.ts";

type ListedRow = KeyRow & { start: string };

const LISTED = `SELECT key.*,
  (SELECT start FROM secret WHERE secret.key = key.id AND until IS NULL) AS start FROM key`;

/** Keys, the oldest first; null when `after` is unknown. */
export function listKeys(sql: SqlStorage, { after, limit }: PageRange, now: number): Page<KeyRecord> | null {
  const place = after === undefined ? 0 : placeOf(sql, "key", after);
  if (place === undefined) return null;
  const rows = sql
    .exec<ListedRow>(`${LISTED} WHERE rowid > ? ORDER BY rowid LIMIT ?`, place, limit + 1)
    .toArray();
  return toPage(
    rows.map((row) => toRecord(row, now)),
    limit,
  );
}

export function findKey(sql: SqlStorage, id: string, now: number): KeyRecord | undefined {
  const row = sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).toArray()[0];
  return row && toRecord(row, now);
}

/** The record of a key that has just been written. */
export function recordOf(sql: SqlStorage, id: string, now: number): KeyRecord {
  return toRecord(sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).one(), now);
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
