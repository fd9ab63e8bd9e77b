/** What the operator does with accounts. */
import { expect } from "vitest";
import type { Account } from "./account.ts";

/** A request with the operator's key. */
export function operator(
  { product }: Account,
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: object,
): Promise<Response> {
  return fetch(new URL(path, product.url), {
    method,
    headers: { authorization: `Bearer ${product.adminKey}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** Books something in an account's ledger. */
export async function expectBooked(
  account: Account,
  kind: "grants" | "take-backs" | "refunds",
  booking: object,
): Promise<void> {
  const response = await operator(account, "POST", `/v1/admin/accounts/${account.id}/${kind}`, booking);
  expect(response.status, await response.text()).toBe(201);
}
