import { z } from "@hono/zod-openapi";
import { MODELS } from "../../../core/models.ts";
import { requireOperator } from "../../auth/operator.ts";
import { type PriceVersion, readVersions } from "../../prices/book.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";
import { priceVersionBody, priceVersionSchema } from "./price-wire.ts";

export const listPrices: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/prices",
    summary: "The price book: every version of every model's price",
    security: ADMIN_SECURITY,
    responses: {
      200: jsonResponse(
        "Each model's versions in order",
        z.object({ object: z.literal("list"), data: z.array(priceVersionSchema) }),
      ),
    },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const added = await readVersions(context.env.DB);
    const versions = MODELS.flatMap((model): PriceVersion[] => [
      { model: model.id, price: model.price, effectiveAt: 0 },
      ...added.filter((version) => version.model === model.id),
    ]);
    return context.json({ object: "list", data: versions.map(priceVersionBody) });
  },
};
