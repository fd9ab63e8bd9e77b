/**
 * The account's receipts: one for every hold that ended, written with the entry that ended it, each hashing the one
 * before.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type CacheVerdict, type Receipt, type ReceiptStatus, receiptIdOf } from "../../core/receipt.ts";
import type { Usage } from "../../core/usage.ts";
import type { Timings } from "../generate/generate.ts";
import type { Hold } from "./holds.ts";
import { type Page, type PageRange, placeOf, toPage } from "./page.ts";
import { readProfile } from "./profile.ts";
import { RECEIPT_RETENTION_MS } from "./retention.ts";

/**
 * What is known of a request when its worst case is held; kept with the hold, so that a request nobody settles has it
 * too.
 */
const requestFacts = z.strictObject({
  /** `sha256:` and hex, as everywhere. */
  requestHash: z.string(),
  images: z.array(z.string()),
  model: z.string(),
  revision: z.string(),
  priceVersion: z.string(),
  /** Prompt and longest answer. */
  tokens: z.int(),
});
export type RequestFacts = z.infer<typeof requestFacts>;

/** How a request ended. */
export interface RequestEnd {
  readonly status: ReceiptStatus;
  /** The whole answer's text; null when there is none. */
  readonly text: string | null;
  /** What is charged for; null when nothing was produced. */
  readonly usage: Usage | null;
  readonly cache: CacheVerdict | null;
  readonly timings: Timings | null;
}

/** The end of a request without an answer, of which nothing is known but its status. */
export function emptyEnd(status: ReceiptStatus): RequestEnd {
  return { status, text: null, usage: null, cache: null, timings: null };
}

const NOTHING: Usage = { imageTokens: 0, textTokens: 0, outputTokens: 0 };

/**
 * Writes the receipt of a hold that ends now with this charge. It is signed when it is read: Ed25519 is deterministic.
 */
export function writeReceipt(
  sql: SqlStorage,
  hold: Pick<Hold, "job" | "key" | "facts">,
  { status, text, usage, cache, timings }: RequestEnd,
  charge: number,
  now: number,
): void {
  const facts = requestFacts.parse(JSON.parse(hold.facts));
  const last = sql
    .exec<{ sequence: number; payload: string }>(
      "SELECT sequence, payload FROM receipt ORDER BY sequence DESC LIMIT 1",
    )
    .toArray()[0];
  const { imageTokens, textTokens, outputTokens } = usage ? within(usage, facts.tokens) : NOTHING;
  const receipt: Receipt = {
    version: 1,
    id: receiptIdOf(hold.job),
    account: readProfile(sql).id,
    sequence: (last?.sequence ?? 0) + 1,
    previous: last ? sha256(last.payload) : null,
    created_at: Math.floor(now / 1000),
    request: hold.job,
    key: hold.key,
    request_hash: facts.requestHash,
    images: facts.images,
    model: facts.model,
    revision: facts.revision,
    status,
    answer_hash: text === null ? null : sha256(text),
    usage: { image_tokens: imageTokens, text_tokens: textTokens, output_tokens: outputTokens },
    cache,
    price_version: facts.priceVersion,
    cost_microcredits: charge,
    timings: timings && {
      prepare_ms: timings.prepareMs,
      queue_ms: timings.queueMs,
      vision_ms: timings.visionMs,
      prefill_ms: timings.prefillMs,
      decode_ms: timings.decodeMs,
    },
  };
  sql.exec(
    "INSERT INTO receipt (sequence, id, at, payload) VALUES (?, ?, ?, ?)",
    receipt.sequence,
    receipt.id,
    now,
    JSON.stringify(receipt),
  );
}

/** The books' last guard: no request used more tokens than it was counted with. */
function within({ imageTokens, textTokens, outputTokens }: Usage, tokens: number): Usage {
  const image = Math.min(imageTokens, tokens);
  const text = Math.min(textTokens, tokens - image);
  return {
    imageTokens: image,
    textTokens: text,
    outputTokens: Math.min(outputTokens, tokens - image - text),
  };
}

/** The payload of a receipt, or null. */
export function readReceipt(sql: SqlStorage, id: string): string | null {
  return (
    sql.exec<{ payload: string }>("SELECT payload FROM receipt WHERE id = ?", id).toArray()[0]?.payload ??
    null
  );
}

export interface ReceiptRange extends PageRange {
  readonly order: "asc" | "desc";
}

/** Payloads in the order of the chain or against it; null when `after` is unknown. */
export function listReceipts(sql: SqlStorage, { order, after, limit }: ReceiptRange): Page<string> | null {
  const start = after === undefined ? 0 : placeOf(sql, "receipt", after);
  if (start === undefined) return null;
  const [from, to] =
    order === "asc" ? [start, Number.MAX_SAFE_INTEGER] : [0, start || Number.MAX_SAFE_INTEGER];
  const rows = sql
    .exec<{ payload: string }>(
      `SELECT payload FROM receipt WHERE sequence > ? AND sequence < ?
       ORDER BY sequence ${order === "asc" ? "ASC" : "DESC"} LIMIT ?`,
      from,
      to,
      limit + 1,
    )
    .toArray();
  return toPage(
    rows.map(({ payload }) => payload),
    limit,
  );
}

/**
 * When the oldest receipt is due to be deleted, in Unix milliseconds; null when none is. The last one carries the chain
 * on.
 */
export function oldestReceiptDue(sql: SqlStorage): number | null {
  const [oldest, next] = sql
    .exec<{ at: number }>("SELECT at FROM receipt ORDER BY sequence LIMIT 2")
    .toArray();
  return oldest && next ? oldest.at + RECEIPT_RETENTION_MS : null;
}

/** Deletes receipts that were kept long enough, at most `limit`, and never the last one. */
export function deleteOldReceipts(sql: SqlStorage, now: number, limit: number): void {
  sql.exec(
    `DELETE FROM receipt WHERE sequence IN
       (SELECT sequence FROM receipt WHERE sequence < (SELECT max(sequence) FROM receipt) ORDER BY sequence LIMIT ?)
     AND at <= ?`,
    limit,
    now - RECEIPT_RETENTION_MS,
  );
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
