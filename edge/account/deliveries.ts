/** What has become of the account's events: read, and sent once more. */
import { z } from "zod";
import type { DeliveryRecord } from "./contract.ts";

/** How many of a key's calls an event sent once more takes: it calls somebody else's server. */
export const REDELIVERY_WEIGHT = 60;

const deliveryState = z.enum(["pending", "delivered", "given_up"]);
const event = z.object({ type: z.string(), created_at: z.int(), data: z.object({ id: z.string() }) });

type OutboxRow = { id: string; url: string; body: string; state: string; attempt: number; due_at: number };

export interface DeliveryRange {
  /** The id of the event before the first one wanted; null for the latest. */
  readonly after: string | null;
  readonly limit: number;
}

/** Events, the latest first in the order of their rows, and whether more follow; null when `after` is unknown. */
export function listDeliveries(
  sql: SqlStorage,
  { after, limit }: DeliveryRange,
): { deliveries: DeliveryRecord[]; more: boolean } | null {
  const before = after === null ? Number.MAX_SAFE_INTEGER : placeOf(sql, after);
  if (before === undefined) return null;
  const deliveries = sql
    .exec<OutboxRow>("SELECT * FROM outbox WHERE rowid < ? ORDER BY rowid DESC LIMIT ?", before, limit + 1)
    .toArray()
    .map(deliveryRecord);
  return { deliveries: deliveries.slice(0, limit), more: deliveries.length > limit };
}

/** Makes an event due at once, whatever became of it, under its own id; null when there is none. */
export function redeliver(sql: SqlStorage, id: string, now: number): DeliveryRecord | null {
  const row = sql
    .exec<OutboxRow>("UPDATE outbox SET state = 'pending', due_at = ? WHERE id = ? RETURNING *", now, id)
    .toArray()[0];
  return row ? deliveryRecord(row) : null;
}

function placeOf(sql: SqlStorage, id: string): number | undefined {
  return sql.exec<{ rowid: number }>("SELECT rowid FROM outbox WHERE id = ?", id).toArray()[0]?.rowid;
}

function deliveryRecord({ id, url, body, state, attempt, due_at }: OutboxRow): DeliveryRecord {
  const { type, created_at, data } = event.parse(JSON.parse(body));
  return {
    id,
    url,
    type,
    about: data.id,
    state: deliveryState.parse(state),
    attempts: attempt,
    createdAt: created_at * 1000,
    nextAt: state === "pending" ? due_at : null,
  };
}
