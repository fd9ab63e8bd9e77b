import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { ADMIN_SECURITY, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, keptSchema, objectOf } from "./wire.ts";

export const getInventory: Operation = {
  route: {
    method: "get",
    path: "/v1/admin/accounts/{id}/inventory",
    summary: "What is kept of an account, in every store",
    description: "Empty for an account that was deleted, and for one that never was.",
    security: ADMIN_SECURITY,
    request: { params: accountParams },
    responses: {
      200: jsonResponse(
        "Everything that is kept, counted by kind",
        z.object({ object: z.literal("list"), data: z.array(keptSchema) }),
      ),
    },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const data = await objectOf(context).inventory();
    return context.json({ object: "list", data });
  },
};
