/** The way in: may this key do that now, and is there credit for the worst case? */
import { fail, ok, type Result } from "../../core/result.ts";
import type { AccountError } from "./contract.ts";
import { type Hold, holdEnded, openHolds, placeHold, readHold } from "./holds.ts";
import { authorise, noteArrival } from "./keys.ts";
import { readLedger } from "./ledger.ts";
import { admit } from "./limits.ts";
import type { RequestFacts } from "./receipts.ts";
import type { Scope } from "./scopes.ts";

/** A place comes free whenever any open request ends, which nobody can foretell. */
const CONCURRENCY_RETRY_MS = 1000;

interface Asked extends Omit<Hold, "key" | "attempt" | "facts"> {
  readonly keyHash: string;
  readonly facts: RequestFacts;
}

/**
 * Authorises and holds, once for each job: asked again it only authorises. A refusal writes nothing, so being refused
 * costs neither credit nor rate.
 */
export function reserve(
  sql: SqlStorage,
  { keyHash, job, amount, expiresAt, facts }: Asked,
  scopes: readonly [Scope, ...Scope[]],
  now: number,
): Result<{ balance: number }, AccountError> {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError("A hold is a whole number of micro-credits.");
  }
  const key = authorise(sql, keyHash, scopes, now);
  if (!key.ok) return key;
  const { id, limits, arrival } = key.value;
  const { balance } = readLedger(sql);
  if (readHold(sql, job) || holdEnded(sql, job)) return ok({ balance });

  const admission = admit(arrival, limits.requestsPerMinute, now);
  if (!admission.ok) {
    return fail({
      code: "rate_limit_exceeded",
      retryAfterMs: admission.retryAfterMs,
      limit: limits.requestsPerMinute,
    });
  }
  if (expiresAt !== null && openHolds(sql, id) >= limits.concurrency) {
    return fail({
      code: "concurrency_limit_exceeded",
      retryAfterMs: CONCURRENCY_RETRY_MS,
      limit: limits.concurrency,
    });
  }
  if (amount > balance) return fail({ code: "insufficient_credit", needed: amount, balance });

  noteArrival(sql, id, admission.arrival);
  placeHold(sql, { job, key: id, amount, expiresAt, facts: JSON.stringify(facts) });
  return ok({ balance: balance - amount });
}
