/** Law: one idempotency key, one charge, one answer, whoever asks how often and in which form. */
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { engineLoad, generations } from "../helpers/gpu-worker.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { findLongQuestion, type LongQuestion } from "../helpers/long-question.ts";
import { until } from "../helpers/poll.ts";
import { type ChatBody, completion, MODEL, question, textOf } from "../helpers/question.ts";
import { expectRefusal } from "../helpers/refusal.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { readStream, streamEvents } from "../helpers/stream.ts";

const example = question(EXAMPLE.question, EXAMPLE.bytes);
const STREAM = { stream: true, stream_options: { include_usage: true } };
const keyed = (key: string, more: Record<string, string> = {}) => ({ "idempotency-key": key, ...more });

let long: LongQuestion;

beforeAll(async () => {
  long = await findLongQuestion(await newAccount());
}, 240_000);

/** OpenAI's client: told 409, it waits as long as `retry-after-ms` says and sends the request again. */
function clientOf({ product, key }: Account): OpenAI {
  return new OpenAI({ baseURL: `${product.url}/v1`, apiKey: key, maxRetries: 100 });
}

/** The question's whole answer; asks again while it is on its way, as the API says. */
async function askKeyed(account: Account, body: ChatBody, key: string) {
  for (;;) {
    const response = await account.post("/v1/chat/completions", body, keyed(key));
    if (response.status === 409) {
      const wait = Number(response.headers.get("retry-after-ms"));
      expect(wait).toBeGreaterThan(0);
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, wait));
      continue;
    }
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const replayed = response.headers.get("idempotent-replayed") === "true";
    return { replayed, answer: completion.parse(JSON.parse(text)) };
  }
}

describe("one key", () => {
  it("sent 100 times at once, streamed and whole, is one generation, one charge and one answer", async () => {
    const account = await newAccount();
    const before = await generations(sharedProduct());
    const client = clientOf(account);
    const body = {
      model: MODEL,
      temperature: 2,
      seed: 7,
      messages: [{ role: "user" as const, content: "Tell me more." }],
    };
    const headers = keyed("a hundred at once");
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        if (index % 2 === 0) {
          const { id, choices, usage } = await client.chat.completions.create(body, { headers });
          return { id, text: choices[0]?.message.content, usage };
        }
        const chunks = await Array.fromAsync(
          await client.chat.completions.create(
            { ...body, stream: true, stream_options: { include_usage: true } },
            { headers },
          ),
        );
        const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
        return { id: chunks[0]?.id, text, usage: chunks.at(-1)?.usage };
      }),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await generations(sharedProduct())).toBe(before + 1);
    const { answer } = await askKeyed(account, body, "a hundred at once");
    expect(answers[0]).toMatchObject({ id: answer.id, text: textOf(answer), usage: answer.usage });
    expect((await account.settledLedger()).charged).toBe(answer.usage.cost_microcredits);
  });

  it("shows its first caller the tokens as they come", async () => {
    const account = await newAccount();
    const body = { ...long.body, ...STREAM };
    const response = await account.post("/v1/chat/completions", body, keyed("live"));
    expect(response.headers.get("idempotent-replayed")).toBeNull();
    let shown = 0;
    for await (const event of streamEvents(response)) {
      if (event.type === "error") throw new Error(event.error.code);
      if (event.type !== "chunk" || !event.chunk.choices[0]?.delta.content) continue;
      if (shown++ === 0) expect((await engineLoad(sharedProduct())).running).toBe(1);
    }
    expect(shown).toBeGreaterThan(2);
    const again = await account.post("/v1/chat/completions", body, keyed("live"));
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await readStream(again)).usage?.completion_tokens).toBe(long.tokens);
    expect((await account.settledLedger()).charged).toBe(long.charge);
  });

  it("says while it runs that it does, and where", async () => {
    const account = await newAccount();
    const first = account.post("/v1/chat/completions", long.body, keyed("busy"));
    await until("a request in the engine", async () => (await engineLoad(sharedProduct())).running > 0, {
      everyMs: 5,
    });
    const job = await acceptJob(account, long.body, keyed("busy"));
    const second = await account.post("/v1/chat/completions", long.body, keyed("busy"));
    expect(second.headers.get("location")).toBe(`/v1/jobs/${job.id}`);
    expect(Number(second.headers.get("retry-after-ms"))).toBeGreaterThan(0);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    await expectRefusal(second, {
      status: 409,
      code: "idempotency_key_in_use",
      message: /still running/,
      param: null,
    });
    expect(completion.parse(await (await first).json()).id).toBe(job.id.replace("job_", "chatcmpl-"));
  });

  it("runs to its end though its client leaves, and answers whoever comes back", async () => {
    const account = await newAccount();
    const leaving = new AbortController();
    const body = { ...long.body, stream: true };
    const response = await account.post("/v1/chat/completions", body, keyed("left"), leaving.signal);
    for await (const event of streamEvents(response)) {
      if (event.type === "chunk" && event.chunk.choices[0]?.delta.content) break;
    }
    leaving.abort();
    const { replayed, answer } = await askKeyed(account, long.body, "left");
    expect(replayed).toBe(true);
    expect(answer.usage.completion_tokens).toBe(long.tokens);
    expect((await account.settledLedger()).charged).toBe(long.charge);
  });

  it("stands for a job too, in whichever form it is asked for", async () => {
    const account = await newAccount();
    const job = await acceptJob(account, example, keyed("a job"));
    const again = await acceptJob(account, example, keyed("a job"));
    expect(again.id).toBe(job.id);
    const ended = await endedJob(account, job.id);
    const whole = await askKeyed(account, example, "a job");
    expect(whole).toEqual({ replayed: true, answer: ended.result });
    const streamed = await account.post("/v1/chat/completions", { ...example, ...STREAM }, keyed("a job"));
    expect(await readStream(streamed)).toEqual({ text: textOf(whole.answer), usage: whole.answer.usage });
    expect((await account.settledLedger()).charged).toBe(ended.cost_microcredits);
  });

  it("is the same with quotes around it and fields in another order, and another in another account", async () => {
    const account = await newAccount();
    const { answer } = await askKeyed(account, { ...example, temperature: 1, seed: 4 }, "order");
    const { model, messages } = example;
    const turned = { seed: 4, messages, temperature: 1, model };
    expect(await askKeyed(account, turned, '"order"')).toEqual({ replayed: true, answer });
    const stranger = await newAccount();
    expect((await askKeyed(stranger, turned, "order")).replayed).toBe(false);
  });

  it("is refused with another body, and costs nothing", async () => {
    const account = await newAccount();
    await askKeyed(account, example, "taken");
    const { charged } = await account.settledLedger();
    const response = await account.post(
      "/v1/chat/completions",
      { ...example, max_tokens: 3 },
      keyed("taken"),
    );
    await expectRefusal(response, {
      status: 422,
      code: "idempotency_key_reused",
      message: /another body/,
      param: "idempotency-key",
    });
    expect(await account.ledger()).toMatchObject({ held: 0, charged });
  });

  it.each([
    ["nothing", ""],
    ["empty quotes", '""'],
    ["256 characters", "k".repeat(256)],
    ["characters beyond ASCII", "schlüssel"],
    ["a tab", "a\tb"],
  ])("is refused when it is %s", async (_, key) => {
    const account = await newAccount();
    const response = await account.post("/v1/chat/completions", example, keyed(key));
    await expectRefusal(response, {
      status: 400,
      code: "idempotency_key_invalid",
      message: /1 to 255 printable/,
      param: "idempotency-key",
    });
    expect(await account.ledger()).toMatchObject({ held: 0, charged: 0 });
  });

  it("is given back by a request that fails, which costs nothing", async () => {
    const account = await newAccount();
    const cut = question("What is this?", EXAMPLE.bytes.subarray(0, EXAMPLE.bytes.length / 2));
    for (const body of [cut, { ...cut, stream: true }]) {
      const response = await account.post("/v1/chat/completions", body, keyed("broken"));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "image_truncated" } });
    }
    expect(await account.settledLedger()).toMatchObject({ charged: 0 });
    expect(await askKeyed(account, example, "broken")).toMatchObject({ replayed: false });
  });

  it("does not wait for a model without a worker", async () => {
    const account = await newAccount();
    const body = { ...question("Who?"), model: "llava-v1.6-vicuna-13b" };
    const response = await account.post("/v1/chat/completions", body, keyed("nobody"));
    await expectRefusal(response, {
      status: 503,
      code: "no_worker",
      message: /No worker serves/,
      param: null,
    });
    expect(await account.ledger()).toMatchObject({ held: 0, charged: 0 });
  });
});

describe("usage", () => {
  it("is the same in every form of an answer, and says which came from the cache", async () => {
    const account = await newAccount();
    const body = { ...example, temperature: 0 };
    const noStore = { "cache-control": "no-store" };
    const whole = await account.ask(body, noStore);
    const streamed = await readStream(
      await account.post("/v1/chat/completions", { ...body, ...STREAM }, noStore),
    );
    const job = await endedJob(account, (await acceptJob(account, body, noStore)).id);
    const stored = await account.post("/v1/chat/completions", body, keyed("usage"));
    const hit = await account.post("/v1/chat/completions", body);
    const storedHit = await account.post("/v1/chat/completions", body, keyed("usage of a hit"));
    const cachedJob = await endedJob(account, (await acceptJob(account, body)).id);

    expect(streamed.usage).toEqual(whole.usage);
    expect(job.result?.usage).toEqual(whole.usage);
    expect(completion.parse(await stored.json()).usage).toEqual(whole.usage);
    const free = { ...whole.usage, cost: 0, cost_microcredits: 0 };
    expect(completion.parse(await hit.json()).usage).toEqual(free);
    expect(cachedJob.result?.usage).toEqual(free);
    expect(completion.parse(await storedHit.json()).usage).toEqual(free);
    expect(stored.headers.get("cache-status")).toBe("tessera; fwd=uri-miss");
    for (const { headers } of [hit, storedHit]) expect(headers.get("cache-status")).toBe("tessera; hit");
    expect([job.cached, cachedJob.cached]).toEqual([false, true]);
    const { charged } = await account.settledLedger();
    expect(charged).toBe(4 * whole.usage.cost_microcredits);
  });
});
