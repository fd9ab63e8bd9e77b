import type { Price } from "./models.ts";
import type { Usage } from "./usage.ts";

/** What a request costs, in whole micro-credits. */
export function charge(price: Price, usage: Usage): number {
  return (
    usage.imageTokens * price.imageToken +
    usage.textTokens * price.textToken +
    usage.outputTokens * price.outputToken
  );
}
