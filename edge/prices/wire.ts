import { z } from "@hono/zod-openapi";
import type { Price } from "../../core/models.ts";

/** The most that one token or one answer may cost, in micro-credits: a request's sum stays exact. */
const MAX_PRICE = 1e9;
const amount = z.int().min(0).max(MAX_PRICE);

/** The figures of a price. */
export const priceFigures = z.object({
  image_token_microcredits: amount,
  text_token_microcredits: amount,
  output_token_microcredits: amount,
  cache_hit_microcredits: amount.openapi({ description: "A cached answer, whatever its tokens" }),
  minimum_microcredits: amount.openapi({ description: "The least that an answer costs which is not cached" }),
});

export const priceSchema = priceFigures.extend({ version: z.string() }).openapi("Price");

export function priceBody(price: Price): z.infer<typeof priceSchema> {
  return {
    version: price.version,
    image_token_microcredits: price.imageToken,
    text_token_microcredits: price.textToken,
    output_token_microcredits: price.outputToken,
    cache_hit_microcredits: price.cacheHit,
    minimum_microcredits: price.minimum,
  };
}

export function readPrice(figures: z.infer<typeof priceFigures>): Omit<Price, "version"> {
  return {
    imageToken: figures.image_token_microcredits,
    textToken: figures.text_token_microcredits,
    outputToken: figures.output_token_microcredits,
    cacheHit: figures.cache_hit_microcredits,
    minimum: figures.minimum_microcredits,
  };
}
