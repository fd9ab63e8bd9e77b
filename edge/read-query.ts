import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "./app-env.ts";
import { firstIssue, wrongField } from "./wrong-field.ts";

/** A request's query, checked against its strict schema. Throws the API error that tells which parameter is wrong. */
export function readQuery<Schema extends z.ZodType>(
  context: Context<AppEnv>,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(context.req.query(), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw wrongField(firstIssue(parsed.error));
}
