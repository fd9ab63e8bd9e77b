/** Grants, charges and the running totals; every function is called inside a transaction. */
import type { Ledger } from "./contract.ts";

/**
 * `expired` ends a hold that nobody finished, `forgiven` notes that its outcome came after all; both are of amount 0.
 */
export type EntryKind = "grant" | "charge" | "expired" | "forgiven";

/** The totals of an open account. */
export function readLedger(sql: SqlStorage): Ledger {
  return sql
    .exec<{ granted: number; balance: number; held: number; charged: number }>(
      "SELECT granted, granted - held - charged AS balance, held, charged FROM account",
    )
    .one();
}

/** Gives credit once for each id. A negative amount takes credit back, at most what is neither held nor charged. */
export function grant(sql: SqlStorage, { id, amount }: { id: string; amount: number }, now: number): Ledger {
  if (!Number.isSafeInteger(amount)) throw new RangeError("A grant is a whole number of micro-credits.");
  const given = Math.max(amount, -readLedger(sql).balance);
  if (writeEntry(sql, { id, kind: "grant", amount: given }, now)) {
    sql.exec("UPDATE account SET granted = granted + ?", given);
  }
  return readLedger(sql);
}

/** Appends an entry; false when there is one of this id and kind already. */
export function writeEntry(
  sql: SqlStorage,
  { id, kind, amount }: { id: string; kind: EntryKind; amount: number },
  now: number,
): boolean {
  const written = sql.exec(
    "INSERT INTO entry (id, kind, amount, at) VALUES (?, ?, ?, ?) ON CONFLICT (id, kind) DO NOTHING RETURNING 1",
    id,
    kind,
    amount,
    now,
  );
  return written.toArray().length > 0;
}

export function hasEntry(sql: SqlStorage, id: string, kind: EntryKind): boolean {
  return sql.exec("SELECT 1 FROM entry WHERE id = ? AND kind = ?", id, kind).toArray().length > 0;
}
