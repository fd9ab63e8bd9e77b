import { z } from "@hono/zod-openapi";
import type { WebhookEndpoint } from "../../account/contract.ts";
import { MAX_GRANTED } from "../../account/ledger.ts";

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
  .object({ object: z.literal("webhook"), url: z.string(), balance_low_microcredits: z.int() })
  .openapi("WebhookEndpoint");

export function endpointBody({ url, balanceLow }: WebhookEndpoint): z.infer<typeof endpointSchema> {
  return { object: "webhook", url, balance_low_microcredits: balanceLow };
}
