/** OpenAI's own client, unmodified, against the running product. */
import OpenAI, { APIError, AuthenticationError, RateLimitError } from "openai";
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { dataUrl } from "../helpers/picture.ts";
import { MODEL } from "../helpers/question.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

/** The client, and the status of every answer that it got. */
function client(apiKey: string) {
  const statuses: number[] = [];
  const openai = new OpenAI({
    apiKey,
    baseURL: `${sharedProduct().url}/v1`,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      statuses.push(response.status);
      return response;
    },
  });
  return { openai, statuses };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("The call succeeded."),
    (error: unknown) => error,
  );
}

const exampleContent = [
  { type: "image_url" as const, image_url: { url: dataUrl(EXAMPLE.bytes) } },
  { type: "text" as const, text: EXAMPLE.question },
];

const askExample = {
  model: MODEL,
  temperature: 0,
  messages: [{ role: "user" as const, content: exampleContent }],
};

describe("openai", () => {
  it("asks about an image in a data URL", async () => {
    const account = await newAccount();
    const answer = await client(account.key).openai.chat.completions.create(askExample);
    expect(answer.choices[0]?.message.content).toBe(EXAMPLE.answer);
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer._request_id).toMatch(/^req_\w+/);
    const usage = answer.usage;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.completion_tokens).toBeGreaterThan(0);
  });

  it("streams the same text, and usage last", async () => {
    const account = await newAccount();
    const { openai } = client(account.key);
    const whole = await openai.chat.completions.create(askExample);
    const stream = await openai.chat.completions.create(
      { ...askExample, stream: true, stream_options: { include_usage: true } },
      { headers: { "cache-control": "no-store" } },
    );
    const chunks = await Array.fromAsync(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    const last = chunks.pop();
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.prompt_tokens).toBe(whole.usage?.prompt_tokens);
    expect(last?.usage?.completion_tokens).toBe(whole.usage?.completion_tokens);
    expect(chunks.every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("streams without usage unless it is asked for", async () => {
    const account = await newAccount();
    const stream = await client(account.key).openai.chat.completions.create({ ...askExample, stream: true });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk))).toBe(true);
  });

  it("holds a conversation of several turns", async () => {
    const account = await newAccount();
    const { openai } = client(account.key);
    const first = await openai.chat.completions.create(askExample);
    const answer = first.choices[0]?.message;
    if (!answer) throw new Error("There is no answer.");
    const second = await openai.chat.completions.create({
      ...askExample,
      messages: [
        { role: "system", content: "Answer briefly." },
        { role: "user", content: exampleContent },
        answer,
        { role: "user", content: "What shape is this?" },
      ],
    });
    expect(second.choices[0]?.message.content).not.toBe("");
    expect(second.usage?.prompt_tokens).toBeGreaterThan(first.usage?.prompt_tokens ?? 0);
  });

  it("reports an error with code, param, type and request id", async () => {
    const account = await newAccount();
    const { openai, statuses } = client(account.key);
    const error = await rejection(openai.chat.completions.create({ ...askExample, temperature: 3 }));
    if (!(error instanceof APIError)) throw error;
    expect(error).toMatchObject({
      status: 400,
      code: "invalid_value",
      param: "temperature",
      type: "invalid_request_error",
    });
    expect(error.requestID).toMatch(/^req_\w+/);
    expect(statuses).toEqual([400]);
  });

  it("reports a key that was never issued", async () => {
    const { openai, statuses } = client("sk-not-a-key");
    expect(await rejection(openai.models.list())).toBeInstanceOf(AuthenticationError);
    expect(statuses).toEqual([401]);
  });

  it("waits as a 429 tells it, and then succeeds by itself", async () => {
    const account = await newAccount();
    // Forty requests may come at once, then one every 1.5 seconds.
    const limited = await account.makeKey({ name: "slow", requests_per_minute: 40 });
    const { openai, statuses } = client(limited.key);
    const ask = () =>
      openai.chat.completions.create({
        model: MODEL,
        max_tokens: 1,
        messages: [{ role: "user", content: "Hi" }],
      });
    for (let count = 0; count < 40; count++) await ask();
    while (!statuses.includes(429)) await ask();
    expect(statuses.at(-1)).toBe(200);
    expect(statuses.filter((status) => status === 429).length).toBeLessThanOrEqual(2);
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
  });

  it("gives up on a 429 with the time that is left", async () => {
    const account = await newAccount();
    const limited = await account.makeKey({ name: "slower", requests_per_minute: 1 });
    const { openai, statuses } = client(limited.key);
    const ask = () =>
      openai.chat.completions.create(
        { model: MODEL, max_tokens: 1, messages: [{ role: "user", content: "Hi" }] },
        { maxRetries: 0 },
      );
    await ask();
    const error = await rejection(ask());
    if (!(error instanceof RateLimitError)) throw error;
    expect(error.code).toBe("rate_limit_exceeded");
    const seconds = Number(error.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(Number(error.headers.get("retry-after-ms"))).toBeLessThanOrEqual(seconds * 1000);
    expect(statuses).toEqual([200, 429]);
  });

  it("asks once when the credit does not reach", async () => {
    const account = await newAccount(10);
    const { openai, statuses } = client(account.key);
    const error = await rejection(openai.chat.completions.create(askExample));
    if (!(error instanceof APIError)) throw error;
    expect(error).toMatchObject({ status: 402, code: "insufficient_credit", type: "billing_error" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(statuses).toEqual([402]);
    expect(await account.settledLedger()).toMatchObject({ balance: 10, charged: 0 });
  });

  it("asks once when no worker serves the model", async () => {
    const account = await newAccount();
    const { openai, statuses } = client(account.key);
    const model = "llava-v1.6-34b";
    const error = await rejection(openai.chat.completions.create({ ...askExample, model }));
    if (!(error instanceof APIError)) throw error;
    expect(error).toMatchObject({ status: 503, code: "no_worker" });
    expect(statuses).toEqual([503]);
  });

  it("lists and retrieves models", async () => {
    const account = await newAccount();
    const { openai } = client(account.key);
    const models = await Array.fromAsync(openai.models.list());
    expect(models.map(({ id }) => id)).toEqual([
      MODEL,
      "llava-v1.6-34b",
      "llava-v1.6-34b-sglang",
      "llava-v1.6-vicuna-13b",
      "llava-v1.6-vicuna-7b",
      "llava-v1.6-mistral-7b",
    ]);
    for (const model of models) {
      expect(await openai.models.retrieve(model.id)).toEqual(model);
      expect(model).toMatchObject({ object: "model", context_length: 4096, geometry: { tile: 336 } });
    }
    const error = await rejection(openai.models.retrieve("gpt-4o"));
    expect(error).toMatchObject({ status: 404, code: "model_not_found" });
  });
});
