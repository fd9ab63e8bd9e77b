import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../app-env.ts";
import { ApiError } from "../errors.ts";
import { bearerToken, sameToken } from "./bearer.ts";

/** Demands the operator's bearer token. */
export const requireOperator: MiddlewareHandler<AppEnv> = async (context, next) => {
  const token = bearerToken(context);
  if (token === undefined) {
    throw new ApiError("missing_api_key", "Send the operator's key as 'Authorization: Bearer <key>'.");
  }
  if (context.env.ADMIN_KEY === "" || !(await sameToken(token, context.env.ADMIN_KEY))) {
    throw new ApiError("invalid_api_key", "The operator's key is not valid.");
  }
  await next();
};
