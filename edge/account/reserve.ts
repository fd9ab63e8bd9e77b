/** The way in: may this key do that now, and is there credit for the worst case? */
import { fail, ok, type Result } from "../../core/result.ts";
import { countUse, overdrawn } from "./budgets.ts";
import type { AccountError, Reservation, Reserved } from "./contract.ts";
import { type Hold, holdEnded, placeHold, readHold } from "./holds.ts";
import { authorise } from "./keys/authorise.ts";
import { readLedger } from "./ledger.ts";
import { admitLine, fullKey, readLine } from "./lineage.ts";
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
  const line = readLine(sql, key.lineage);
  const { arrivals, standings, exceeded } = admitLine(line, tokens, now);
  if (exceeded) {
    const { key, standing } = exceeded;
    return fail({ code: "rate_limit_exceeded", key, standings, exceeded: standing });
  }
  const full = expiresAt === null ? undefined : fullKey(sql, line);
  if (full) {
    const { id, concurrency: limit } = full;
    return fail({ code: "concurrency_limit_exceeded", key: id, retryAfterMs: CONCURRENCY_RETRY_MS, limit });
  }
  if (amount > balance) return fail({ code: "insufficient_credit", needed: amount, balance });
  const budget = overdrawn(line, amount, now);
  if (budget) return fail(budget);

  placeHold(sql, { job, key: key.id, amount, heldAt: now, expiresAt, facts: JSON.stringify(facts) });
  countUse(sql, arrivals, key.id, amount, now);
  return ok({ keyId: key.id, balance: balance - amount, standings });
}
