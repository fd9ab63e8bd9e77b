import { expect } from "vitest";
import type { Account } from "./account.ts";
import { envelope } from "./question.ts";

/** What a caller must be told. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
  /** The field that is wrong; null when it is none. */
  readonly param: string | null;
}

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  429: "rate_limit_error",
  503: "server_error",
};

/** The answer is this refusal, in the one envelope and with a request id. */
export async function expectRefusal(response: Response, refusal: Refusal): Promise<void> {
  const text = await response.text();
  const { error } = envelope.parse(JSON.parse(text));
  expect({ status: response.status, code: error.code, param: error.param }, text).toEqual({
    status: refusal.status,
    code: refusal.code,
    param: refusal.param,
  });
  expect(error.message).toMatch(refusal.message);
  expect(error.type).toBe(TYPES[refusal.status] ?? "invalid_request_error");
  expect(response.headers.get("x-request-id")).toMatch(/^req_\w+$/);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
}

/** The account has paid nothing and holds nothing: every answer so far was a refusal. */
export async function expectUntouched(account: Account): Promise<void> {
  const { granted, balance, held, charged } = await account.ledger();
  expect({ balance, held, charged }).toEqual({ balance: granted, held: 0, charged: 0 });
}
