import type { Price } from "../../core/models.ts";
import { charge } from "../../core/price.ts";
import type { Usage } from "../../core/usage.ts";

/**
 * What a generation that was cut off is charged for: its prompt and the tokens produced, or nothing before the first.
 * `most` is what the request was counted with.
 */
export function partialCharge(
  price: Price,
  most: Usage,
  produced: number,
): { charge: number; usage: Usage | null } {
  const usage = { ...most, outputTokens: Math.min(produced, most.outputTokens) };
  return usage.outputTokens === 0 ? { charge: 0, usage: null } : { charge: charge(price, usage), usage };
}
