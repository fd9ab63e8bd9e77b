/** Events on their way to webhooks. A row is sent until it is delivered or given up, always under one id. */
import { randomBase62 } from "../auth/base62.ts";
import type { Delivery } from "../webhooks/deliver.ts";
import { type DeliveryOutcome, retryWait } from "../webhooks/schedule.ts";
import { OUTBOX_RETENTION_MS } from "./retention.ts";

/** Longer than any attempt takes: an event whose attempt was cut off by a crash is due again after it. */
const CLAIM_MS = 60_000;

/** An event that is to be sent now, for the `attempt`th time. */
export interface DueDelivery extends Delivery {
  readonly attempt: number;
}

/** Puts a job's final state into the outbox, due at once. */
export function enqueueEvent(
  sql: SqlStorage,
  { job, state, url }: { job: string; state: "succeeded" | "failed" | "canceled"; url: string },
  now: number,
): void {
  enqueue(sql, { url, type: `job.${state}`, data: { id: job, object: "job", status: state } }, now);
}

/** Puts an event into the outbox, due at once. */
export function enqueue(
  sql: SqlStorage,
  { url, type, data }: { url: string; type: string; data: object },
  now: number,
): void {
  const id = `evt_${randomBase62(22)}`;
  const body = JSON.stringify({ id, object: "event", type, created_at: Math.floor(now / 1000), data });
  sql.exec(
    "INSERT INTO outbox (id, url, body, state, attempt, due_at) VALUES (?, ?, ?, 'pending', 0, ?)",
    id,
    url,
    body,
    now,
  );
}

/** Takes the events that are due, at most `limit`, and puts them off for as long as an attempt may take. */
export function claimDue(sql: SqlStorage, now: number, limit: number): DueDelivery[] {
  return sql
    .exec<{ id: string; url: string; body: string; attempt: number }>(
      `UPDATE outbox SET attempt = attempt + 1, due_at = ? WHERE id IN
         (SELECT id FROM outbox WHERE due_at <= ? AND state = 'pending' ORDER BY due_at LIMIT ?)
       RETURNING id, url, body, attempt`,
      now + CLAIM_MS,
      now,
      limit,
    )
    .toArray();
}

/** Writes what came of an attempt; an attempt that a later one has overtaken changes nothing. */
export function recordDelivery(
  sql: SqlStorage,
  { id, attempt }: { id: string; attempt: number },
  outcome: DeliveryOutcome,
  random: number,
  now: number,
): void {
  const wait = outcome.kind === "failed" ? retryWait(attempt, outcome.retryAfterMs, random) : null;
  const state = outcome.kind === "delivered" ? "delivered" : wait === null ? "given_up" : "pending";
  sql.exec(
    "UPDATE outbox SET state = ?, due_at = ? WHERE id = ? AND attempt = ? AND state = 'pending'",
    state,
    now + (wait ?? OUTBOX_RETENTION_MS),
    id,
    attempt,
  );
}

/** Deletes events that were delivered or given up long enough ago, at most `limit`. */
export function deleteSent(sql: SqlStorage, now: number, limit: number): void {
  sql.exec(
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE due_at <= ? AND state <> 'pending' LIMIT ?)",
    now,
    limit,
  );
}
