/** The account's own webhook endpoint, and the event that its credit runs low: once for each crossing. */
import type { WebhookEndpoint } from "./contract.ts";
import { enqueue } from "./outbox.ts";

type Watch = {
  id: string;
  url: string | null;
  low_at: number;
  low_told: number;
  balance: number;
  left_over: number;
};

/**
 * Sends `balance.low` when the credit left has fallen below the threshold, and is ready to send it again once it was at
 * or above it. Holds count as credit left: most of them come back.
 */
export function watchBalance(sql: SqlStorage, now: number): void {
  const watch = sql
    .exec<Watch>(
      `SELECT id, webhook_url AS url, low_at, low_told, granted - held - charged AS balance,
         granted - charged AS left_over FROM account`,
    )
    .one();
  const isLow = watch.left_over < watch.low_at;
  if (watch.low_told === 1 && !isLow) sql.exec("UPDATE account SET low_told = 0");
  if (watch.low_told === 1 || !isLow || watch.url === null) return;
  sql.exec("UPDATE account SET low_told = 1");
  const data = {
    id: watch.id,
    object: "account",
    balance_microcredits: watch.balance,
    held_microcredits: watch.left_over - watch.balance,
    balance_low_microcredits: watch.low_at,
  };
  enqueue(sql, { url: watch.url, type: "balance.low", data }, now);
}

export function readEndpoint(sql: SqlStorage): WebhookEndpoint | null {
  const { url, low_at } = sql
    .exec<{ url: string | null; low_at: number }>("SELECT webhook_url AS url, low_at FROM account")
    .one();
  return url === null ? null : { url, balanceLow: low_at };
}

/** Sets or removes the endpoint; an account that is low already tells the new one. */
export function writeEndpoint(sql: SqlStorage, endpoint: WebhookEndpoint | null, now: number): void {
  sql.exec(
    "UPDATE account SET webhook_url = ?, low_at = ?, low_told = 0",
    endpoint?.url ?? null,
    endpoint?.balanceLow ?? 0,
  );
  watchBalance(sql, now);
}
