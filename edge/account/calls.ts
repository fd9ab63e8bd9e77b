/**
 * The limit of requests that spend nothing, such as preflight, uploads and listings. It lives in the object's memory:
 * no request that costs nothing should cost a write. An idle object forgets it, which nobody gains from.
 */
import { fail, ok, type Result } from "../../core/result.ts";
import type { AccountError, Admitted, Call } from "./contract.ts";
import { authorise, noteUse } from "./keys/authorise.ts";
import { type Admission, admit } from "./limits.ts";
import type { Scope } from "./scopes.ts";

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

/** Authorises a request that spends nothing, and counts it against the key's calls. */
export function admitCall(
  sql: SqlStorage,
  calls: CallLimiter,
  keyHash: string,
  scopes: readonly [Scope, ...Scope[]],
  { weight = 1, model }: Call,
  now: number,
): Result<Admitted, AccountError> {
  const key = authorise(sql, keyHash, scopes, now);
  if (!key.ok) return key;
  const { id, models } = key.value;
  if (model !== undefined && models && !models.includes(model)) {
    return fail({ code: "model_not_allowed", model });
  }
  const { ok: admitted, standing } = calls.admit(id, weight, now);
  if (!admitted) {
    return fail({ code: "rate_limit_exceeded", key: id, standings: [standing], exceeded: standing });
  }
  noteUse(sql, key.value, now);
  return ok({ keyId: id, standings: [standing] });
}
