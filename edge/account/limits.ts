/**
 * Rate limits: the generic cell rate algorithm (ITU-T I.371), which needs one number a limit. A whole minute's units
 * may be spent at once, and then one comes back every `60 s / limit`. Units are requests and tokens, of which every key
 * in a line has its own limits, or calls, which are each key's alone.
 */

const MINUTE_US = 60_000_000;

/** Where a key stands against one of its limits, or a line against the tightest. */
export interface Standing {
  readonly name: "requests" | "tokens" | "calls";
  /** Units a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the next unit comes back, in milliseconds; after a refusal, until what was asked fits. */
  readonly nextMs: number;
  /** Until the whole minute's units are there again, in milliseconds. */
  readonly fullMs: number;
}

export interface Admission {
  readonly ok: boolean;
  /** The limit's next stored number; the same as before where the request was refused. */
  readonly arrival: number;
  readonly standing: Standing;
}

/**
 * Whether `units` may pass now. `arrival` is the limit's stored number, in microseconds and 0 at first. Whole
 * microseconds keep the sums exact. More units than a minute has pass when the whole minute is there.
 */
export function admit(
  { name, limit, arrival }: { name: Standing["name"]; limit: number; arrival: number },
  units: number,
  now: number,
): Admission {
  const nowUs = now * 1000;
  const interval = MINUTE_US / limit;
  const cost = Math.min(MINUTE_US, Math.floor(units * interval));
  // More than a minute is never owed: a number from further ahead was written by a clock that has been set back.
  const ahead = Math.max(0, arrival - nowUs);
  const owed = ahead > MINUTE_US ? 0 : ahead;
  const early = owed + cost - MINUTE_US;
  const ok = early <= 0;
  const after = ok ? owed + cost : owed;
  const remaining = Math.floor((MINUTE_US - after) / interval);
  const next = ok ? after - (MINUTE_US - (remaining + 1) * interval) : early;
  return {
    ok,
    arrival: ok ? nowUs + after : arrival,
    standing: {
      name,
      limit,
      remaining: ok ? remaining : Math.min(remaining, Math.max(0, Math.ceil(units) - 1)),
      nextMs: Math.ceil(Math.max(0, next) / 1000),
      fullMs: Math.ceil(after / 1000),
    },
  };
}
