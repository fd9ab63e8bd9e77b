import { z } from "@hono/zod-openapi";
import { capability } from "../../../core/capability.ts";
import type { Model } from "../../../core/models.ts";
import { capabilitiesOf } from "../../chat/capabilities.ts";
import type { Env } from "../../env.ts";
import { currentPrice } from "../../prices/book.ts";
import { priceBody, priceSchema } from "../../prices/wire.ts";
import { replicateModel } from "../../replicate/support.ts";
import { pair } from "../operation.ts";

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: z.int(),
    owned_by: z.string(),
    revision: z.string(),
    context_length: z.int(),
    max_output_tokens: z.int(),
    max_images: z.int(),
    served_by: z.enum(["workers", "replicate"]).openapi({
      description:
        "`replicate` takes one question about one whole image, and its tokens are counted by Tessera, not by the " +
        "engine.",
    }),
    capabilities: z.array(capability).openapi({
      description:
        "Parameters beyond those of every model that some engine serving it takes at the moment; empty while none " +
        "serves it.",
    }),
    geometry: z.object({
      tile: z.int(),
      patch: z.int(),
      pinpoints: z.array(pair("[width, height] in pixels")),
      pinpoint_order: z.enum(["wh", "hw"]),
      unpad: z.enum(["truncate", "exact"]),
    }),
    defaults: z.object({ temperature: z.number(), top_p: z.number(), max_tokens: z.int() }),
    price: priceSchema,
  })
  .openapi("Model");

/** A registry entry as this deployment's API shows it, with its present price. */
export async function modelBody(env: Env, model: Model): Promise<z.infer<typeof modelSchema>> {
  const [price, capabilities] = await Promise.all([
    currentPrice(env.DB, model, Date.now()),
    capabilitiesOf(env, model),
  ]);
  const { geometry, defaults } = model;
  return {
    id: model.id,
    object: "model",
    created: model.created,
    owned_by: model.ownedBy,
    revision: model.revision,
    context_length: model.contextLength,
    max_output_tokens: model.maxOutputTokens,
    max_images: model.maxImages,
    served_by: replicateModel(env, model) ? "replicate" : "workers",
    capabilities: [...(capabilities ?? [])],
    geometry: {
      tile: geometry.tile,
      patch: geometry.patch,
      pinpoints: geometry.pinpoints.map(([first, second]) => [first, second]),
      pinpoint_order: geometry.pinpointOrder,
      unpad: geometry.unpad,
    },
    defaults: { temperature: defaults.temperature, top_p: defaults.topP, max_tokens: defaults.maxTokens },
    price: priceBody(price),
  };
}
