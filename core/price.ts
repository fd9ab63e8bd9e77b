import { z } from "zod";
import type { Price } from "./models.ts";
import type { Usage } from "./usage.ts";

/** A price as it travels with a request that was accepted at it. */
export const priceSchema = z.strictObject({
  version: z.string(),
  imageToken: z.int(),
  textToken: z.int(),
  outputToken: z.int(),
  cacheHit: z.int(),
  minimum: z.int(),
}) satisfies z.ZodType<Price>;

/** What an answer costs that was computed, in whole micro-credits. */
export function charge(price: Price, usage: Usage): number {
  const tokens =
    usage.imageTokens * price.imageToken +
    usage.textTokens * price.textToken +
    usage.outputTokens * price.outputToken;
  return Math.max(tokens, price.minimum);
}

/** The most that a request costs whose answer has at most `usage`'s tokens, computed or cached. */
export function worstCase(price: Price, usage: Usage): number {
  return Math.max(charge(price, usage), price.cacheHit);
}

/** The most output tokens whose worst case is at most `maxCost`; 0 when not even one fits. */
export function affordableTokens(price: Price, prompt: Omit<Usage, "outputTokens">, maxCost: number): number {
  const left = maxCost - worstCase(price, { ...prompt, outputTokens: 0 });
  if (left < 0) return 0;
  if (price.outputToken === 0) return Number.MAX_SAFE_INTEGER;
  const tokens = prompt.imageTokens * price.imageToken + prompt.textTokens * price.textToken;
  return Math.floor((maxCost - tokens) / price.outputToken);
}
