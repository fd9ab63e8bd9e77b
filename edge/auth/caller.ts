import type { MiddlewareHandler } from "hono";
import type { Account } from "../account/account.ts";
import type { AccountError } from "../account/contract.ts";
import type { Scope } from "../account/scopes.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError, DO_NOT_RETRY, retryAfter } from "../errors.ts";
import { readKey } from "./key.ts";

/** Whoever holds the request's key, whose tag has been verified offline; the account has the last word. */
export interface Caller {
  readonly account: string;
  readonly keyHash: string;
  readonly object: DurableObjectStub<Account>;
  /** Asks the account whether this key may do that. Throws when it may not. */
  authorise(scope: Scope): Promise<void>;
}

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
  const key = await readKey(token, context.env.KEY_SECRET);
  if (!key) throw accountError({ code: "invalid_api_key" });
  const object = context.env.ACCOUNT.get(context.env.ACCOUNT.idFromName(key.account));
  context.set("caller", {
    account: key.account,
    keyHash: key.hash,
    object,
    async authorise(scope) {
      const verdict = await object.authorise(key.hash, scope);
      if (!verdict.ok) throw accountError(verdict.error);
    },
  });
  await next();
  if (context.error instanceof ApiError && context.error.status < 500) {
    const verdict = await object.authorise(key.hash, "infer");
    if (!verdict.ok && verdict.error.code !== "insufficient_scope") throw accountError(verdict.error);
  }
};

/** The account's refusal as the API answers it. */
export function accountError(error: AccountError): ApiError {
  switch (error.code) {
    case "invalid_api_key":
      return new ApiError(error.code, "The API key is not valid.", {
        headers: { "www-authenticate": "Bearer" },
      });
    case "api_key_expired":
      return new ApiError(error.code, "The API key has expired.", {
        headers: { "www-authenticate": "Bearer" },
      });
    case "insufficient_scope":
      return new ApiError(error.code, `The API key lacks the scope '${error.scope}'.`);
    case "insufficient_credit":
      return new ApiError(
        error.code,
        `The request may cost up to ${error.needed} micro-credits and ${error.balance} are left.`,
        { headers: DO_NOT_RETRY },
      );
    case "rate_limit_exceeded":
      return new ApiError(error.code, `This key may send ${error.limit} requests a minute.`, {
        headers: retryAfter(error.retryAfterMs),
      });
    case "concurrency_limit_exceeded":
      return new ApiError(error.code, `This key may have ${error.limit} requests open at once.`, {
        headers: retryAfter(error.retryAfterMs),
      });
    case "idempotency_key_reused":
      return new ApiError(
        error.code,
        "The Idempotency-Key stands for a request with another body; use a new key for each request.",
        { param: "idempotency-key" },
      );
  }
}
