/** The header `X-Max-Cost`: the most that a request may cost, in whole micro-credits. */
import { z } from "@hono/zod-openapi";
import { ApiError } from "../errors.ts";
import type { RequestPlan } from "./plan.ts";

export const MAX_COST_HEADER = "x-max-cost";
/** What became of the ceiling. */
export const MAX_COST_APPLIED = "x-max-cost-applied";

/** The header in the specification. */
export const maxCostRequestHeaders = z.object({
  [MAX_COST_HEADER]: z
    .string()
    .optional()
    .openapi({
      pattern: "^[0-9]{1,15}$",
      description:
        "The most that the answer may cost, in whole micro-credits. `max_tokens` is lowered to what it pays for, as " +
        "`x-max-cost-applied` tells.",
    }),
});

/** The request's ceiling, or null when it names none. */
export function readMaxCost(header: string | undefined): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (!/^\d{1,15}$/.test(text)) {
    throw new ApiError("invalid_value", `'${MAX_COST_HEADER}' must be a whole number of micro-credits.`, {
      param: MAX_COST_HEADER,
    });
  }
  return Number(text);
}

/** Tells a caller who named a ceiling whether it shortened the answer. */
export function maxCostHeader({ maxCost, clamped, most }: RequestPlan): Record<string, string> {
  if (maxCost === null) return {};
  return { [MAX_COST_APPLIED]: clamped ? `clamped; max_tokens=${most.outputTokens}` : "unchanged" };
}
