/** When an event is sent again: Standard Webhooks' recommended waits, about 76 hours in all. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The wait before each attempt, in milliseconds. */
const WAITS = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** Keeps receivers that failed together from being called together again. */
const JITTER = 0.1;
/** A receiver may ask for patience, but not for ever. */
const LONGEST_WAIT = 24 * HOUR;

/** What came of one attempt. */
export type DeliveryOutcome =
  | { readonly kind: "delivered" }
  /** The receiver wants no more (410), or may not be called at all. */
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly retryAfterMs: number | null };

/**
 * How long to wait after attempt number `attempt` (from 1) has failed, in milliseconds; null when it was the last.
 * `random` is in [0, 1).
 */
export function retryWait(attempt: number, retryAfterMs: number | null, random: number): number | null {
  const wait = WAITS[attempt];
  if (wait === undefined) return null;
  const jittered = Math.round(wait * (1 + JITTER * random));
  return Math.min(Math.max(jittered, retryAfterMs ?? 0), LONGEST_WAIT);
}

/** A `retry-after` header (seconds or an HTTP date) in milliseconds from `now`; null when it is absent or malformed. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim();
  if (!text) return null;
  const wait = /^\d+$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}
