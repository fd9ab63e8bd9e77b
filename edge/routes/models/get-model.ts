import { z } from "@hono/zod-openapi";
import { findModel } from "../../../core/models.ts";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { modelBody, modelSchema } from "./wire.ts";

export const getModel: Operation = {
  route: {
    method: "get",
    path: "/v1/models/{id}",
    summary: "One model",
    security: KEY_SECURITY,
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: jsonResponse("The model", modelSchema) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    await context.get("caller").authorise("infer");
    const model = findModel(context.req.param("id") ?? "");
    if (!model) throw new ApiError("model_not_found", "There is no such model. See /v1/models.");
    return context.json(await modelBody(context.env, model));
  },
};
