/** Receipts as a customer gets them. */
import { expect } from "vitest";
import { z } from "zod";
import { receiptSchema } from "../../core/receipt.ts";
import type { Account } from "./account.ts";
import { until } from "./poll.ts";

const receipt = z.object({
  id: z.string(),
  object: z.literal("receipt"),
  jws: z.string(),
  payload: receiptSchema,
});
export type ShownReceipt = z.infer<typeof receipt>;

const page = z.object({ object: z.literal("list"), data: z.array(receipt), has_more: z.boolean() });

/** The receipt that an answer names, once its request has ended. */
export function receiptOf(account: Account, answer: Response): Promise<ShownReceipt> {
  const id = answer.headers.get("x-tessera-receipt") ?? "none";
  return until(`the receipt ${id}`, async () => {
    const response = await account.fetch(`/v1/receipts/${id}`);
    if (response.status === 404) return false;
    expect(response.status).toBe(200);
    return receipt.parse(await response.json());
  });
}

export async function listReceipts(account: Account, query = ""): Promise<z.infer<typeof page>> {
  const response = await account.fetch(`/v1/receipts${query}`);
  expect(response.status).toBe(200);
  return page.parse(await response.json());
}
