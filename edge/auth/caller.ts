import type { MiddlewareHandler } from "hono";
import type { Account } from "../account/account.ts";
import type { AccountError, Admitted, Call } from "../account/contract.ts";
import type { Standing } from "../account/limits.ts";
import type { Scope } from "../account/scopes.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError, DO_NOT_RETRY, retryAfter } from "../errors.ts";
import { readKey } from "./key.ts";
import { limitHeaders } from "./limit-headers.ts";

/** Whoever holds the request's key, whose tag has been verified offline; the account has the last word. */
export interface Caller {
  readonly account: string;
  readonly keyHash: string;
  readonly object: DurableObjectStub<Account>;
  /** Asks the account whether this key may do that. Throws when it may not. */
  authorise(scope: Scope, call?: Call): Promise<void>;
  /** Keeps what the account has confirmed of this request, for the answer's headers. */
  note(admitted: Pick<Admitted, "standings">): void;
}

/** The account has refused the request, so it need not be asked again. */
class RefusedByAccount extends ApiError {}

/**
 * Demands a well-formed key. An error that a route raises before it has asked the account is answered only if the key
 * still holds: a revoked key learns nothing else on any route.
 */
export const requireKey: MiddlewareHandler<AppEnv> = async (context, next) => {
  const [scheme, token] = (context.req.header("authorization") ?? "").split(/\s+/, 2);
  if (!token || scheme?.toLowerCase() !== "bearer") {
    throw new ApiError("missing_api_key", "Send your API key as 'Authorization: Bearer <key>'.", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  const { KEY_SECRET, KEY_SECRET_PREVIOUS } = context.env;
  const key = await readKey(token, KEY_SECRET, KEY_SECRET_PREVIOUS);
  if (!key) throw accountError({ code: "invalid_api_key" });
  const object = context.env.ACCOUNT.get(context.env.ACCOUNT.idFromName(key.account));
  let standings: readonly Standing[] | undefined;
  const caller: Caller = {
    account: key.account,
    keyHash: key.hash,
    object,
    async authorise(scope, call) {
      const verdict = await object.authorise(key.hash, scope, call);
      if (!verdict.ok) throw accountError(verdict.error);
      caller.note(verdict.value);
    },
    note(admitted) {
      standings = admitted.standings;
    },
  };
  context.set("caller", caller);
  await next();
  const { error } = context;
  const isUnasked = standings === undefined && error instanceof ApiError && error.status < 500;
  if (isUnasked && !(error instanceof RefusedByAccount)) {
    const verdict = await object.authorise(key.hash, "infer");
    if (!verdict.ok && verdict.error.code !== "insufficient_scope") throw accountError(verdict.error);
  }
  for (const [name, value] of Object.entries(limitHeaders(standings ?? []))) {
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  }
};

/** The account's refusal as the API answers it. */
export function accountError(error: AccountError): ApiError {
  const refused = (message: string, headers: Record<string, string> = {}) =>
    new RefusedByAccount(error.code, message, { headers });
  switch (error.code) {
    case "invalid_api_key":
      return refused("The API key is not valid.", { "www-authenticate": "Bearer" });
    case "api_key_expired":
      return refused("The API key has expired.", { "www-authenticate": "Bearer" });
    case "account_suspended":
      return refused("The account is suspended; ask whoever runs this service.");
    case "insufficient_scope":
      return refused(`The API key lacks the scope '${error.scope}'.`);
    case "model_not_allowed":
      return refused(`The API key may not ask '${error.model.slice(0, 128)}'.`);
    case "insufficient_credit":
      return refused(
        `The request may cost up to ${error.needed} micro-credits and ${error.balance} are left.`,
      );
    case "budget_exceeded": {
      const budget = error.period === "total" ? "budget" : `budget of this ${error.period}`;
      return refused(
        `The request may cost up to ${error.needed} micro-credits and ${error.left} are left in the ${budget} of ${error.key}.`,
        // A client that waits by itself would wait for hours.
        error.retryAfterMs === null ? {} : { ...retryAfter(error.retryAfterMs), ...DO_NOT_RETRY },
      );
    }
    case "rate_limit_exceeded": {
      const { exceeded, standings } = error;
      return refused(`${error.key} may ${ALLOWANCE[exceeded.name](exceeded.limit)} a minute.`, {
        ...limitHeaders(standings),
        ...retryAfter(exceeded.nextMs),
      });
    }
    case "concurrency_limit_exceeded":
      return refused(
        `${error.key} may have ${error.limit} requests open at once.`,
        retryAfter(error.retryAfterMs),
      );
    case "idempotency_key_reused":
      return new RefusedByAccount(
        error.code,
        "The Idempotency-Key stands for a request with another body or X-Max-Cost; use a new key for each request.",
        { param: "idempotency-key" },
      );
  }
}

const ALLOWANCE: Readonly<Record<Standing["name"], (limit: number) => string>> = {
  requests: (limit) => `send ${limit} requests`,
  tokens: (limit) => `use ${limit} tokens`,
  calls: (limit) => `make ${limit} calls that cost nothing`,
};
