/** A key's end: its next request fails on every route, and what it had begun is settled. */
import { expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { type KeyedOperation, keyedOperations } from "../helpers/operations.ts";
import { question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";

const IN_FLIGHT = 50;

/** A request that would be a good one but for its key. */
function send(account: Account, { method, path }: KeyedOperation, key: string): Promise<Response> {
  const body = /chat|preflight/.test(path) ? question(EXAMPLE.question, EXAMPLE.bytes) : { name: "another" };
  return account.fetch(path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(method !== "GET" && method !== "HEAD" && { body: JSON.stringify(body) }),
  });
}

it("fails on every route while 50 of its requests are in flight, which are settled", async () => {
  const account = await newAccount();
  const operations = await keyedOperations();
  expect(operations.length).toBeGreaterThan(15);
  const { id, key } = await account.makeKey({ name: "to be revoked", concurrency: IN_FLIGHT });
  const headers = { authorization: `Bearer ${key}`, "cache-control": "no-store" };
  const body = { ...question("What is this?"), max_tokens: 16, stream: true };
  const streams = await Promise.all(
    Array.from({ length: IN_FLIGHT }, () => account.post("/v1/chat/completions", body, headers)),
  );
  expect(streams.map(({ status }) => status)).toEqual(Array(IN_FLIGHT).fill(200));

  expect((await account.fetch(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(200);
  const refused = await Promise.all(
    operations.map(async (operation) => {
      const response = await send(account, operation, key);
      const text = await response.text();
      const code: unknown = text === "" ? "invalid_api_key" : JSON.parse(text).error?.code;
      return `${operation.method} ${operation.path}: ${response.status} ${code}`;
    }),
  );
  expect(refused).toEqual(operations.map(({ method, path }) => `${method} ${path}: 401 invalid_api_key`));

  const ends = await Promise.all(streams.map(async (stream) => (await stream.text()).trimEnd()));
  for (const end of ends) expect(end.endsWith("data: [DONE]")).toBe(true);
  const { granted, balance, charged } = await account.settledLedger();
  expect(charged).toBeGreaterThan(0);
  expect(balance).toBe(granted - charged);
  const shown = await (await account.fetch(`/v1/keys/${id}`)).json();
  expect(shown).toMatchObject({ revoked_at: expect.any(Number), used: { total_microcredits: charged } });
});
