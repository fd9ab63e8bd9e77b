/** Holds: credit set aside for a job's worst case. Every hold ends in exactly one entry, `charge` or `expired`. */
import { releaseUse } from "./budgets.ts";
import { writeEntry } from "./ledger.ts";
import { watchBalance } from "./low-balance.ts";
import { emptyEnd, type RequestEnd, writeReceipt } from "./receipts.ts";

export interface Hold {
  readonly job: string;
  /** The id of the key that asked. */
  readonly key: string;
  readonly amount: number;
  readonly heldAt: number;
  /** Null when only the job's end ends it. */
  readonly expiresAt: number | null;
  /** Which attempt at an attached request may settle it. */
  readonly attempt: number;
  /** What its receipt will say of the request, as JSON (`receipts.ts`). */
  readonly facts: string;
}

type HoldRow = { -readonly [Key in keyof Hold]: Hold[Key] };

const COLUMNS = "job, key, amount, held_at AS heldAt, expires_at AS expiresAt, attempt, facts";

export function readHold(sql: SqlStorage, job: string): Hold | undefined {
  return sql.exec<HoldRow>(`SELECT ${COLUMNS} FROM hold WHERE job = ?`, job).toArray()[0];
}

/** The balance must cover the amount. The first attempt may settle it. */
export function placeHold(
  sql: SqlStorage,
  { job, key, amount, heldAt, expiresAt, facts }: Omit<Hold, "attempt">,
): void {
  sql.exec(
    "INSERT INTO hold (job, key, amount, held_at, expires_at, facts) VALUES (?, ?, ?, ?, ?, ?)",
    job,
    key,
    amount,
    heldAt,
    expiresAt,
    facts,
  );
  sql.exec("UPDATE account SET held = held + ?", amount);
}

/** Turns a hold into a charge of at most its amount, with its receipt, and returns that charge. */
export function settleHold(
  sql: SqlStorage,
  hold: Hold,
  { charge, end }: { readonly charge: number; readonly end: RequestEnd },
  now: number,
): number {
  if (!Number.isSafeInteger(charge) || charge < 0) {
    throw new RangeError("A charge is a whole number of micro-credits.");
  }
  const amount = Math.min(charge, hold.amount);
  removeHold(sql, hold, hold.amount - amount);
  writeEntry(sql, { id: hold.job, kind: "charge", amount, key: hold.key }, now);
  sql.exec("UPDATE account SET charged = charged + ?", amount);
  writeReceipt(sql, hold, end, amount, now);
  watchBalance(sql, now);
  return amount;
}

/** Gives back what nobody settled in time, at most `limit` holds. */
export function expireHolds(sql: SqlStorage, now: number, limit: number): void {
  const due = sql
    .exec<HoldRow>(
      `SELECT ${COLUMNS} FROM hold WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`,
      now,
      limit,
    )
    .toArray();
  for (const hold of due) {
    removeHold(sql, hold, hold.amount);
    writeEntry(sql, { id: hold.job, kind: "expired", amount: 0, key: hold.key }, now);
    writeReceipt(sql, hold, emptyEnd("expired"), 0, now);
  }
}

/** Whether a job's hold has ended. */
export function holdEnded(sql: SqlStorage, job: string): boolean {
  return (
    sql.exec("SELECT 1 FROM entry WHERE id = ? AND kind IN ('charge', 'expired')", job).toArray().length > 0
  );
}

/** `unused` is what of it was not charged. */
function removeHold(sql: SqlStorage, hold: Hold, unused: number): void {
  sql.exec("DELETE FROM hold WHERE job = ?", hold.job);
  sql.exec("UPDATE account SET held = held - ?", hold.amount);
  releaseUse(sql, hold, unused);
}
