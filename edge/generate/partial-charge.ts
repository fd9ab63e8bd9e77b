import type { Price } from "../../core/models.ts";
import { charge } from "../../core/price.ts";
import type { Usage } from "../../core/usage.ts";

/** What a generation that was cut off is charged for: its prompt and the tokens produced, or nothing before the first. */
export function partialCharge(price: Price, usage: Usage): { charge: number; usage: Usage | null } {
  return usage.outputTokens === 0 ? { charge: 0, usage: null } : { charge: charge(price, usage), usage };
}
