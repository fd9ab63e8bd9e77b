import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../app-env.ts";
import { ApiError } from "../errors.ts";

/** Demands the operator's bearer token. Digests are compared, so that neither length nor content shows in time. */
export const requireOperator: MiddlewareHandler<AppEnv> = async (context, next) => {
  const token = /^bearer\s+(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  if (token === undefined) {
    throw new ApiError("missing_api_key", "Send the operator's key as 'Authorization: Bearer <key>'.");
  }
  const [given, expected] = await Promise.all([digest(token), digest(context.env.ADMIN_KEY)]);
  if (context.env.ADMIN_KEY === "" || !crypto.subtle.timingSafeEqual(given, expected)) {
    throw new ApiError("invalid_api_key", "The operator's key is not valid.");
  }
  await next();
};

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
