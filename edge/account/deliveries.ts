/** What has become of the account's events: read, and sent once more. */
import { z } from "zod";
import type { DeliveryRecord } from "./contract.ts";
import { type Page, type PageRange, placeOf, toPage } from "./page.ts";

/** How many of a key's calls an event sent once more takes: it calls somebody else's server. */
export const REDELIVERY_WEIGHT = 60;

const deliveryState = z.enum(["pending", "delivered", "given_up"]);
const event = z.object({ type: z.string(), created_at: z.int(), data: z.object({ id: z.string() }) });

type OutboxRow = { id: string; url: string; body: string; state: string; attempt: number; due_at: number };

/** Events, the latest first; null when `after` is unknown. */
export function listDeliveries(sql: SqlStorage, { after, limit }: PageRange): Page<DeliveryRecord> | null {
  const before = after === undefined ? Number.MAX_SAFE_INTEGER : placeOf(sql, "outbox", after);
  if (before === undefined) return null;
  const events = sql
    .exec<OutboxRow>("SELECT * FROM outbox WHERE rowid < ? ORDER BY rowid DESC LIMIT ?", before, limit + 1)
    .toArray();
  return toPage(events.map(deliveryRecord), limit);
}

/** Makes an event due at once, whatever became of it, under its own id; null when there is none. */
export function redeliver(sql: SqlStorage, id: string, now: number): DeliveryRecord | null {
  const row = sql
    .exec<OutboxRow>("UPDATE outbox SET state = 'pending', due_at = ? WHERE id = ? RETURNING *", now, id)
    .toArray()[0];
  return row ? deliveryRecord(row) : null;
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
