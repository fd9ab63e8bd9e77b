/** The operator's bookings, charges and the running totals; every function is called inside a transaction. */
import { fail, ok, type Result } from "../../core/result.ts";
import type { Booking, BookingError, Ledger } from "./contract.ts";
import { watchBalance } from "./low-balance.ts";

/**
 * `take_back` lowers what was granted, `refund` what was charged. `expired` ends a hold that nobody finished,
 * `forgiven` notes that its outcome came after all; both are of amount 0.
 */
export type EntryKind = "grant" | "take_back" | "charge" | "refund" | "expired" | "forgiven";

interface Entry {
  readonly id: string;
  readonly kind: EntryKind;
  readonly amount: number;
  /** The key that asked. */
  readonly key?: string;
  /** The job whose charge a refund gives back. */
  readonly job?: string;
}

/** The most that one account may ever be granted: sums stay exact in a double. */
export const MAX_GRANTED = 1e15;

/** The totals of an open account. */
export function readLedger(sql: SqlStorage): Ledger {
  return sql
    .exec<{ granted: number; balance: number; held: number; charged: number }>(
      "SELECT granted, granted - held - charged AS balance, held, charged FROM account",
    )
    .one();
}

/** Gives credit once for each id. */
export function grant(sql: SqlStorage, { id, amount }: Booking, now: number): Result<Ledger, BookingError> {
  checkAmount(amount);
  return book(sql, { id, kind: "grant", amount }, now, () => {
    const { granted } = readLedger(sql);
    if (granted + amount > MAX_GRANTED) return { code: "too_much_credit", left: MAX_GRANTED - granted };
    sql.exec("UPDATE account SET granted = granted + ?", amount);
    return null;
  });
}

/** Takes credit back once for each id: at most the balance, never what is held. */
export function takeBack(
  sql: SqlStorage,
  { id, amount }: Booking,
  now: number,
): Result<Ledger, BookingError> {
  checkAmount(amount);
  return book(sql, { id, kind: "take_back", amount }, now, () => {
    const { balance } = readLedger(sql);
    if (amount > balance) return { code: "credit_not_free", balance };
    sql.exec("UPDATE account SET granted = granted - ?", amount);
    return null;
  });
}

/** Gives back what a job was charged, once for each id and never more than its charge in all. */
export function refund(
  sql: SqlStorage,
  { id, amount, job }: Booking & { job: string },
  now: number,
): Result<Ledger, BookingError> {
  checkAmount(amount);
  return book(sql, { id, kind: "refund", amount, job }, now, () => {
    const charge = readEntry(sql, job, "charge");
    if (!charge) return { code: "charge_not_found" };
    const { refunded } = sql
      .exec<{ refunded: number }>(
        "SELECT coalesce(sum(amount), 0) AS refunded FROM entry WHERE kind = 'refund' AND job = ?",
        job,
      )
      .one();
    if (amount > charge.amount - refunded)
      return { code: "refund_too_large", left: charge.amount - refunded };
    sql.exec("UPDATE account SET charged = charged - ?", amount);
    return null;
  });
}

/** Appends an entry; false when there is one of this id and kind already. */
export function writeEntry(sql: SqlStorage, { id, kind, amount, key, job }: Entry, now: number): boolean {
  const written = sql.exec(
    `INSERT INTO entry (id, kind, amount, key, job, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id, kind) DO NOTHING RETURNING 1`,
    id,
    kind,
    amount,
    key ?? null,
    job ?? null,
    now,
  );
  return written.toArray().length > 0;
}

export function hasEntry(sql: SqlStorage, id: string, kind: EntryKind): boolean {
  return readEntry(sql, id, kind) !== undefined;
}

function readEntry(sql: SqlStorage, id: string, kind: EntryKind) {
  return sql
    .exec<{ amount: number; job: string | null }>(
      "SELECT amount, job FROM entry WHERE id = ? AND kind = ?",
      id,
      kind,
    )
    .toArray()[0];
}

/** Writes a booking and moves the totals, unless it is on the books already or `move` refuses. */
function book(
  sql: SqlStorage,
  entry: Entry,
  now: number,
  move: () => BookingError | null,
): Result<Ledger, BookingError> {
  const known = readEntry(sql, entry.id, entry.kind);
  if (known) {
    const same = known.amount === entry.amount && known.job === (entry.job ?? null);
    return same ? ok(readLedger(sql)) : fail({ code: "entry_conflict" });
  }
  const refusal = move();
  if (refusal) return fail(refusal);
  writeEntry(sql, entry, now);
  watchBalance(sql, now);
  return ok(readLedger(sql));
}

function checkAmount(amount: number): void {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError("A booking is a whole number of micro-credits.");
  }
}
