import { z } from "@hono/zod-openapi";
import { MODELS } from "../../core/models.ts";
import { isReady } from "../generate/ready.ts";
import { jsonResponse, type Operation } from "./operation.ts";

const status = z.object({ status: z.literal("ok") });
const readiness = z
  .object({
    status: z.enum(["ready", "starting"]),
    models: z.record(z.string(), z.boolean()).openapi({ description: "Which models have a ready worker" }),
  })
  .openapi("Readiness");

/** Liveness: this Worker answers. */
export const healthz: Operation = {
  route: {
    method: "get",
    path: "/healthz",
    summary: "Liveness",
    responses: { 200: jsonResponse("Alive", status) },
  },
  handler: (context) => context.json({ status: "ok" }),
};

/** Readiness: at least one model has a worker that is ready. */
export const readyz: Operation = {
  route: {
    method: "get",
    path: "/readyz",
    summary: "Readiness",
    responses: {
      200: jsonResponse("A model can answer", readiness),
      503: jsonResponse("No model has a ready worker", readiness),
    },
  },
  handler: async (context) => {
    const ready = await Promise.all(
      MODELS.map(async ({ id }) => [id, await isReady(context.env, id)] as const),
    );
    const any = ready.some(([, each]) => each);
    return context.json(
      { status: any ? "ready" : "starting", models: Object.fromEntries(ready) },
      any ? 200 : 503,
    );
  },
};
