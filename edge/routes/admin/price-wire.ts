import { z } from "@hono/zod-openapi";
import type { PriceVersion } from "../../prices/book.ts";
import { priceBody, priceSchema } from "../../prices/wire.ts";
import { toSeconds } from "../../seconds.ts";

export const priceVersionSchema = priceSchema
  .extend({
    model: z.string(),
    effective_at: z.int().openapi({ description: "Unix seconds; 0 for the registry's own price" }),
  })
  .openapi("PriceVersion");

export function priceVersionBody(version: PriceVersion): z.infer<typeof priceVersionSchema> {
  return {
    model: version.model,
    ...priceBody(version.price),
    effective_at: toSeconds(version.effectiveAt),
  };
}
