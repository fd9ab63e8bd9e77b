/**
 * The limit of requests that spend nothing, such as preflight, uploads and listings. It lives in the object's memory:
 * no request that costs nothing should cost a write. An idle object forgets it, which nobody gains from.
 */
import { type Admission, admit } from "./limits.ts";

/** A key's calls a minute. Heavier calls take several at once. */
export const CALLS_PER_MINUTE = 6000;

export class CallLimiter {
  readonly #arrivals = new Map<string, number>();

  admit(key: string, weight: number, now: number): Admission {
    const arrival = this.#arrivals.get(key) ?? 0;
    const admission = admit({ name: "calls", limit: CALLS_PER_MINUTE, arrival }, weight, now);
    this.#arrivals.set(key, admission.arrival);
    return admission;
  }
}
