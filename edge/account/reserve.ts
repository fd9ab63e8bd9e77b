/** The way in: may this key do that now, and is there credit for the worst case? */
import { fail, ok, type Result } from "../../core/result.ts";
import { countUse, overdrawn } from "./budgets.ts";
import type { AccountError, Reservation, Reserved } from "./contract.ts";
import { type Hold, holdEnded, openHolds, placeHold, readHold } from "./holds.ts";
import { authorise } from "./keys.ts";
import { readLedger } from "./ledger.ts";
import { admit } from "./limits.ts";
import type { Scope } from "./scopes.ts";

/** A place comes free whenever any open request ends, which nobody can foretell. */
const CONCURRENCY_RETRY_MS = 1000;

type Asked = Omit<Reservation, "expiresAt"> & Pick<Hold, "expiresAt">;

/**
 * Authorises and holds, once for each job: asked again it only authorises. A refusal writes nothing, so being refused
 * costs neither credit nor rate.
 */
export function reserve(
  sql: SqlStorage,
  { keyHash, job, amount, expiresAt, facts }: Asked,
  scopes: readonly [Scope, ...Scope[]],
  now: number,
): Result<Reserved, AccountError> {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError("A hold is a whole number of micro-credits.");
  }
  const authorised = authorise(sql, keyHash, scopes, now);
  if (!authorised.ok) return authorised;
  const key = authorised.value;
  const { balance } = readLedger(sql);
  if (readHold(sql, job) || holdEnded(sql, job)) return ok({ keyId: key.id, balance, standings: [] });

  const { model, tokens } = facts;
  if (key.models && !key.models.includes(model)) return fail({ code: "model_not_allowed", model });
  const { requestsPerMinute, tokensPerMinute, concurrency } = key.limits;
  const requests = admit({ name: "requests", limit: requestsPerMinute, arrival: key.requestArrival }, 1, now);
  const tokenRate =
    tokensPerMinute === null
      ? null
      : admit({ name: "tokens", limit: tokensPerMinute, arrival: key.tokenArrival }, tokens, now);
  const admissions = tokenRate ? [requests, tokenRate] : [requests];
  const standings = admissions.map(({ standing }) => standing);
  const exceeded = admissions.find((admission) => !admission.ok)?.standing;
  if (exceeded) return fail({ code: "rate_limit_exceeded", standings, exceeded });
  if (expiresAt !== null && openHolds(sql, key.id) >= concurrency) {
    const retryAfterMs = CONCURRENCY_RETRY_MS;
    return fail({ code: "concurrency_limit_exceeded", retryAfterMs, limit: concurrency });
  }
  if (amount > balance) return fail({ code: "insufficient_credit", needed: amount, balance });
  const budget = overdrawn(sql, key.lineage, amount, now);
  if (budget) return fail(budget);

  placeHold(sql, { job, key: key.id, amount, heldAt: now, expiresAt, facts: JSON.stringify(facts) });
  const arrivals = {
    requestArrival: requests.arrival,
    tokenArrival: tokenRate?.arrival ?? key.tokenArrival,
  };
  countUse(sql, { id: key.id, lineage: key.lineage, ...arrivals }, amount, now);
  return ok({ keyId: key.id, balance: balance - amount, standings });
}
