/**
 * The rate limit of a key: the generic cell rate algorithm (ITU-T I.371), which needs one number a key. A key may spend
 * its whole minute at once, and then gets one request back every `60 s / limit`.
 */

const MINUTE_US = 60_000_000;

export type Admission =
  | { readonly ok: true; readonly arrival: number }
  | { readonly ok: false; readonly retryAfterMs: number };

/**
 * Whether a request may pass now. `arrival` is the key's stored number, in microseconds and 0 at first; the answer
 * carries its next value. Whole microseconds keep the sums exact.
 */
export function admit(arrival: number, requestsPerMinute: number, now: number): Admission {
  const nowUs = now * 1000;
  const interval = Math.floor(MINUTE_US / requestsPerMinute);
  const earliest = Math.max(arrival, nowUs);
  const early = earliest - nowUs - (MINUTE_US - interval);
  if (early > 0) return { ok: false, retryAfterMs: Math.ceil(early / 1000) };
  return { ok: true, arrival: earliest + interval };
}
