import { z } from "@hono/zod-openapi";
import { findModel } from "../../../core/models.ts";
import { requireOperator } from "../../auth/operator.ts";
import { ApiError } from "../../errors.ts";
import { addVersion, LEAD_MS } from "../../prices/book.ts";
import { priceFigures, readPrice } from "../../prices/wire.ts";
import { readJson } from "../../read-json.ts";
import { LAST_SECOND, toSeconds } from "../../seconds.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { priceVersionBody, priceVersionSchema } from "./price-wire.ts";

const newPrice = priceFigures
  .extend({
    model: z.string(),
    cache_hit_microcredits: priceFigures.shape.cache_hit_microcredits.default(0),
    minimum_microcredits: priceFigures.shape.minimum_microcredits.default(0),
    effective_at: z
      .int()
      .max(LAST_SECOND)
      .optional()
      .openapi({ description: "Unix seconds, at least a minute ahead; a minute from now unless given" }),
  })
  .strict()
  .openapi("NewPrice");

const EXAMPLE = {
  model: "llava-v1.6-34b",
  image_token_microcredits: 2,
  text_token_microcredits: 2,
  output_token_microcredits: 10,
};

export const createPrice: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/prices",
    summary: "Add the next version of a model's price",
    description:
      "It takes effect everywhere at one moment. Requests that were accepted before keep their price.",
    security: ADMIN_SECURITY,
    request: jsonBody(newPrice, EXAMPLE),
    responses: { 201: jsonResponse("The version", priceVersionSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const body = await readJson(context, newPrice);
    if (!findModel(body.model)) {
      throw new ApiError("model_not_found", "There is no such model. See /v1/models.", { param: "model" });
    }
    const now = Date.now();
    const soonest = now + LEAD_MS;
    const effectiveAt = body.effective_at === undefined ? soonest : body.effective_at * 1000;
    if (effectiveAt < now + LEAD_MS) {
      throw new ApiError(
        "invalid_value",
        `'effective_at' must be at least ${LEAD_MS / 1000} s ahead: ${Math.ceil(soonest / 1000)} or later; it is ${toSeconds(now)} now.`,
        { param: "effective_at" },
      );
    }
    const version = await addVersion(
      context.env.DB,
      { model: body.model, price: readPrice(body), effectiveAt },
      now,
    );
    return context.json(priceVersionBody(version), 201);
  },
};
