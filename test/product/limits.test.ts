/** What a key and a credit allow at once: concurrency can neither overdraw an account nor pass a key's limit. */
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { question } from "../helpers/question.ts";
import { expectRefusal } from "../helpers/refusal.ts";
import { newAccount } from "../helpers/shared.ts";

describe("many requests at once", () => {
  it("never cost more than the credit", async () => {
    const body = { ...question("What is this?"), temperature: 1 };
    const rich = await newAccount();
    const { max_cost_microcredits: worst } = await rich.count(body);
    const account = await newAccount(3 * worst);
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const response = await account.post("/v1/chat/completions", body);
        await response.body?.cancel();
        return response.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
    const { balance, charged } = await account.settledLedger();
    expect(balance).toBeGreaterThanOrEqual(0);
    expect(charged).toBeGreaterThan(0);
  });

  it("are refused beyond the key's own number, and taken again when one has ended", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({ name: "one at a time", concurrency: 1 });
    const headers = { authorization: `Bearer ${key}`, "cache-control": "no-store" };
    const ask = () => account.post("/v1/chat/completions", question("Which?", EXAMPLE.bytes), headers);
    const responses = await Promise.all(Array.from({ length: 6 }, ask));
    expect(responses.map(({ status }) => status)).toContain(200);
    const refused = responses.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) {
      expect(Number(response.headers.get("retry-after-ms"))).toBeGreaterThan(0);
      await expectRefusal(response, {
        status: 429,
        code: "concurrency_limit_exceeded",
        message: /may have 1 requests open at once/,
        param: null,
      });
    }
    expect((await ask()).status).toBe(200);
    await account.settledLedger();
  });
});
