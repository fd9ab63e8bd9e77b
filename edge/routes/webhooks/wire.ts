import { z } from "@hono/zod-openapi";
import type { DeliveryRecord, WebhookEndpoint } from "../../account/contract.ts";
import { MAX_GRANTED } from "../../account/ledger.ts";
import { toSeconds } from "../../seconds.ts";

export const newEndpoint = z
  .strictObject({
    url: z.string().max(2048),
    balance_low_microcredits: z
      .int()
      .min(0)
      .max(MAX_GRANTED)
      .default(0)
      .openapi({ description: "Below which credit left the event 'balance.low' is sent; 0 for never" }),
  })
  .openapi("NewWebhookEndpoint");

export const endpointSchema = z
  .object({
    object: z.literal("webhook"),
    url: z.string().nullable().openapi({ description: "null while the events go nowhere" }),
    balance_low_microcredits: z.int(),
  })
  .openapi("WebhookEndpoint");

export function endpointBody(endpoint: WebhookEndpoint | null): z.infer<typeof endpointSchema> {
  return {
    object: "webhook",
    url: endpoint?.url ?? null,
    balance_low_microcredits: endpoint?.balanceLow ?? 0,
  };
}

export const deliverySchema = z
  .object({
    id: z.string().openapi({ description: "The event's id, over all its attempts: `webhook-id`" }),
    object: z.literal("webhook.delivery"),
    type: z.string().openapi({ description: "`job.succeeded`, `balance.low`, …" }),
    about: z.string().openapi({ description: "The id of the job or account that it tells of" }),
    url: z.string(),
    status: z.enum(["pending", "delivered", "given_up"]),
    attempts: z.int().openapi({ description: "How often it was sent" }),
    created_at: z.int().openapi({ description: "Unix seconds" }),
    next_attempt_at: z.int().nullable().openapi({ description: "Unix seconds; null when none follows" }),
  })
  .openapi("WebhookDelivery");

export function deliveryBody(record: DeliveryRecord): z.infer<typeof deliverySchema> {
  return {
    id: record.id,
    object: "webhook.delivery",
    type: record.type,
    about: record.about,
    url: record.url,
    status: record.state,
    attempts: record.attempts,
    created_at: toSeconds(record.createdAt),
    next_attempt_at: record.nextAt === null ? null : toSeconds(record.nextAt),
  };
}
