/**
 * What keys spend: running sums of what is charged and held, for each key and all that it descends from, so that a key
 * can't spend more by making others. A request counts in the UTC day and month in which it was accepted.
 */
import type { AccountError } from "./contract.ts";
import type { Hold } from "./holds.ts";
import type { BudgetPeriod } from "./keys/contract.ts";
import type { Arrivals, LineKey } from "./lineage.ts";
import { periodsOf, untilNext } from "./periods.ts";

type Uses = Pick<LineKey, "used_total" | "used_day" | "day" | "used_month" | "month">;

/** What a key has used in all and in the present day and month. */
export function usedNow(row: Uses, now: number): Record<BudgetPeriod, number> {
  const { day, month } = periodsOf(now);
  return {
    total: row.used_total,
    day: row.day < day ? 0 : row.used_day,
    month: row.month < month ? 0 : row.used_month,
  };
}

/** The budget that an amount would overdraw, of a key in the line; null when there is none. */
export function overdrawn(
  line: readonly LineKey[],
  amount: number,
  now: number,
): Extract<AccountError, { code: "budget_exceeded" }> | null {
  for (const row of line) {
    const used = usedNow(row, now);
    const budget = { total: row.budget_total, day: row.budget_day, month: row.budget_month };
    for (const period of ["total", "month", "day"] as const) {
      const limit = budget[period];
      if (limit === null) continue;
      const left = Math.max(0, limit - used[period]);
      if (amount <= left) continue;
      const retryAfterMs = period === "total" ? null : untilNext(period, now);
      return { code: "budget_exceeded", period, key: row.id, needed: amount, left, retryAfterMs };
    }
  }
  return null;
}

/** Counts an accepted request against every key in the line, and notes that `asking` was used. */
export function countUse(
  sql: SqlStorage,
  arrivals: readonly Arrivals[],
  asking: string,
  amount: number,
  now: number,
): void {
  const { day, month } = periodsOf(now);
  for (const { key, request, token } of arrivals) {
    sql.exec(
      `UPDATE key SET
         used_total = used_total + ?1,
         used_day = iif(day < ?2, 0, used_day) + ?1, day = max(day, ?2),
         used_month = iif(month < ?3, 0, used_month) + ?1, month = max(month, ?3),
         request_arrival = ?4, token_arrival = ?5, last_used_at = iif(?6, ?7, last_used_at)
       WHERE id = ?8`,
      amount,
      day,
      month,
      request,
      token,
      key === asking ? 1 : 0,
      now,
      key,
    );
  }
}

/** Takes back what a hold had counted and its request did not cost. A day that has passed keeps its sum. */
export function releaseUse(
  sql: SqlStorage,
  { key, heldAt }: Pick<Hold, "key" | "heldAt">,
  unused: number,
): void {
  if (unused === 0) return;
  const { day, month } = periodsOf(heldAt);
  sql.exec(
    `UPDATE key SET
       used_total = used_total - ?1,
       used_day = used_day - iif(day = ?2, ?1, 0),
       used_month = used_month - iif(month = ?3, ?1, 0)
     WHERE id IN (SELECT value FROM json_each((SELECT lineage FROM key WHERE id = ?4)))`,
    unused,
    day,
    month,
    key,
  );
}
