import { z } from "@hono/zod-openapi";
import { requireOperator } from "../../auth/operator.ts";
import { readJson } from "../../read-json.ts";
import { ADMIN_SECURITY, jsonBody, jsonResponse, type Operation } from "../operation.ts";
import { accountParams, booking, ledgerOf, ledgerSchema, objectOf } from "./wire.ts";

const refund = z
  .strictObject({
    ...booking.shape,
    job: z.string().min(1).max(128).openapi({ description: "The completion's or job's id" }),
  })
  .openapi("Refund");

export const refundCharge: Operation = {
  route: {
    method: "post",
    path: "/v1/admin/accounts/{id}/refunds",
    summary: "Give back what an answer was charged, or a part of it",
    security: ADMIN_SECURITY,
    request: {
      params: accountParams,
      ...jsonBody(refund, { id: "ticket-4", job: "chatcmpl-…", amount_microcredits: 100 }),
    },
    responses: { 201: jsonResponse("The ledger afterwards", ledgerSchema) },
  },
  middleware: [requireOperator],
  handler: async (context) => {
    const { id, job, amount_microcredits } = await readJson(context, refund);
    const refunded = await objectOf(context).refund({ id: `refund/${id}`, job, amount: amount_microcredits });
    return context.json(ledgerOf(refunded), 201);
  },
};
