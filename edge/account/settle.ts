/** How attached requests end: their hold is their fence, so that only one of many outcomes is paid. */
import type { Settlement } from "./contract.ts";
import { readHold, settleHold } from "./holds.ts";
import { hasEntry, writeEntry } from "./ledger.ts";

/**
 * False when the hold has ended or is another attempt's. What comes after a hold's expiry is noted once, and forgiven.
 */
export function settle(sql: SqlStorage, settlement: Settlement, now: number): boolean {
  const { job, attempt } = settlement;
  const hold = readHold(sql, job);
  if (!hold) {
    if (hasEntry(sql, job, "expired")) writeEntry(sql, { id: job, kind: "forgiven", amount: 0 }, now);
    return false;
  }
  // A stored job's hold ends with its job alone.
  if (hold.expiresAt === null || hold.attempt !== attempt) return false;
  settleHold(sql, hold, settlement, now);
  return true;
}

/** Gives the hold to a later attempt; false when there is none to give. */
export function supersede(
  sql: SqlStorage,
  { job, attempt }: { readonly job: string; readonly attempt: number },
): boolean {
  const superseded = sql.exec(
    "UPDATE hold SET attempt = ? WHERE job = ? AND attempt <= ? AND expires_at IS NOT NULL RETURNING 1",
    attempt,
    job,
    attempt,
  );
  return superseded.toArray().length > 0;
}
