import { z } from "@hono/zod-openapi";
import { MODELS } from "../../../core/models.ts";
import { requireKey } from "../../auth/caller.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { modelBody, modelSchema } from "./wire.ts";

export const listModels: Operation = {
  route: {
    method: "get",
    path: "/v1/models",
    summary: "The models, with limits, prices and geometry",
    security: KEY_SECURITY,
    responses: {
      200: jsonResponse("The models", z.object({ object: z.literal("list"), data: z.array(modelSchema) })),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    await context.get("caller").authorise("infer");
    const data = await Promise.all(MODELS.map((model) => modelBody(context.env, model)));
    return context.json({ object: "list", data });
  },
};
