import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "./app-env.ts";
import { ApiError } from "./errors.ts";

/** How much of an unknown parameter's name an error repeats. */
const MAX_NAME_CHARACTERS = 128;

/** A request's query, checked against its strict schema. Throws the API error that tells which parameter is wrong. */
export function readQuery<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(context.req.query());
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = issue.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : String(issue.path[0] ?? "");
  const param = name.slice(0, MAX_NAME_CHARACTERS);
  throw issue.code === "unrecognized_keys"
    ? new ApiError("unsupported_parameter", `The parameter '${param}' is not supported.`, { param })
    : new ApiError("invalid_value", `'${param}': ${issue.message}.`, { param });
}
