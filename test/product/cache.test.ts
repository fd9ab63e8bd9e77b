/** Cached answers: equal to the ones they were made from, free, and never shown to anybody else. */
import { describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { type ChatBody, completion, question, textOf } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { readStream } from "../helpers/stream.ts";

const example: ChatBody = { ...question(EXAMPLE.question, EXAMPLE.bytes), temperature: 0 };

const HIT = "tessera; hit";
const MISS = "tessera; fwd=uri-miss";

async function ask(account: Account, body: ChatBody = example, headers: Record<string, string> = {}) {
  const response = await account.post("/v1/chat/completions", body, headers);
  expect(response.status).toBe(200);
  const { charged } = await account.settledLedger();
  const answer = completion.parse(await response.json());
  return {
    status: response.headers.get("cache-status"),
    text: textOf(answer),
    usage: answer.usage,
    id: answer.id,
    charged,
  };
}

describe("the result cache", () => {
  it("answers the same question again, for nothing, with the same text", async () => {
    const account = await newAccount();
    const first = await ask(account);
    expect(first.status).toBe(MISS);
    expect(first.charged).toBe(first.usage.cost_microcredits);
    expect(first.charged).toBeGreaterThan(0);
    const second = await ask(account);
    expect(second).toMatchObject({ status: HIT, text: first.text, charged: first.charged });
    expect(second.usage).toEqual({ ...first.usage, cost: 0, cost_microcredits: 0 });
    expect(second.id).not.toBe(first.id);
  });

  it("needs no credit for a hit", async () => {
    const rich = await newAccount();
    const counted = await rich.count(example);
    // The worst case is there once: what the first answer leaves does not reach for it again.
    const account = await newAccount(counted.max_cost_microcredits);
    const { charged } = await ask(account);
    const sampled = await account.post("/v1/chat/completions", { ...example, temperature: 1 });
    expect(sampled.status).toBe(402);
    expect(await ask(account)).toMatchObject({ status: HIT, charged });
  });

  it("is neither read nor written with no-store", async () => {
    const account = await newAccount();
    const noStore = { "cache-control": "no-store" };
    const first = await ask(account, example, noStore);
    expect(first.status).toBe("tessera; fwd=request");
    const second = await ask(account);
    expect(second.status).toBe(MISS);
    const third = await ask(account, example, noStore);
    expect(third.status).toBe("tessera; fwd=request");
    expect(third.charged).toBe(3 * first.charged);
  });

  it("is written but not read with no-cache", async () => {
    const account = await newAccount();
    const noCache = { "cache-control": "no-cache" };
    const first = await ask(account, example, noCache);
    const second = await ask(account, example, noCache);
    expect([first.status, second.status]).toEqual(["tessera; fwd=request", "tessera; fwd=request"]);
    expect(second.charged).toBe(2 * first.charged);
    expect(await ask(account)).toMatchObject({ status: HIT, charged: second.charged });
  });

  it("is left alone by requests that sample", async () => {
    const account = await newAccount();
    const sampled = { ...example, temperature: 0.5, seed: 7 };
    const first = await ask(account, sampled);
    const second = await ask(account, sampled);
    expect([first.status, second.status]).toEqual(["tessera; fwd=bypass", "tessera; fwd=bypass"]);
    expect(second.charged).toBeGreaterThan(first.charged);
  });

  it("is shared by streamed and whole answers", async () => {
    const account = await newAccount();
    const whole = await ask(account);
    const response = await account.post("/v1/chat/completions", {
      ...example,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(response.headers.get("cache-status")).toBe(HIT);
    const streamed = await readStream(response);
    expect(streamed.text).toBe(whole.text);
    expect(streamed.usage).toEqual({ ...whole.usage, cost: 0, cost_microcredits: 0 });
    expect((await account.settledLedger()).charged).toBe(whole.charged);
  });

  it("tells apart whatever changes the answer", async () => {
    const account = await newAccount();
    await ask(account);
    const [turn] = example.messages;
    const others: ChatBody[] = [
      { ...example, max_tokens: 2 },
      { ...example, stop: "e" },
      question(EXAMPLE.question),
      question(`${EXAMPLE.question} `, EXAMPLE.bytes),
      { ...example, messages: [{ role: "system", content: "Answer." }, turn!] },
    ];
    for (const other of others) expect((await ask(account, other)).status).toBe(MISS);
    // Spelled otherwise but the same: the model's own defaults, and fields that do not change the answer.
    expect((await ask(account, { ...example, temperature: null, user: "somebody" })).status).toBe(HIT);
  });

  it("never shows one account another's answer", async () => {
    const [one, other] = await Promise.all([newAccount(), newAccount()]);
    const first = await ask(one);
    const foreign = await ask(other);
    expect(foreign).toMatchObject({ status: MISS, text: first.text, charged: first.charged });
  });
});
