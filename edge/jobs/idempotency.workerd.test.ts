import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { newAccount, recordBells } from "../account/testing/fixture.ts";
import { QUESTION, send } from "../testing/ask.ts";

beforeEach(recordBells);
afterEach(() => vi.restoreAllMocks());

/** Sends the question as a job under one idempotency key; gives the job's id, or the error's code. */
async function ask(key: string, maxCost?: string): Promise<string> {
  const headers = {
    "idempotency-key": "once",
    prefer: "respond-async",
    ...(maxCost && { "x-max-cost": maxCost }),
  };
  const { text } = await send(key, "/v1/chat/completions", { headers, body: QUESTION });
  const { id, error } = JSON.parse(text);
  return id ?? error.code;
}

it("takes a request under another ceiling for another request, since a ceiling may shorten the answer", async () => {
  const { key } = await newAccount(1_000_000);
  const first = await ask(key, "1000");
  expect(first).toMatch(/^job_/);
  expect(await ask(key, " 01000")).toBe(first);
  for (const another of ["999", "1001", undefined])
    expect(await ask(key, another)).toBe("idempotency_key_reused");
});
