/** With Replicate's token and no GPU, the 34B model is answered by Replicate; its protocol is played on loopback. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, openAccount } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { until } from "../helpers/poll.ts";
import { Product, temporaryHome } from "../helpers/product.ts";
import { type ChatBody, completion, question, textOf } from "../helpers/question.ts";
import { expectRefusal, expectUntouched } from "../helpers/refusal.ts";
import { PIECES, PROMPTS, ReplicateServer } from "../helpers/replicate-server.ts";
import { streamEvents } from "../helpers/stream.ts";

const MODEL = "llava-v1.6-34b";

let replicate: ReplicateServer;
let product: Product;
const { home, remove } = temporaryHome();

beforeAll(async () => {
  replicate = await ReplicateServer.start();
  product = await Product.start(home, {
    REPLICATE_API_TOKEN: replicate.token,
    TESSERA_REPLICATE_URL: replicate.baseUrl,
  });
});

afterAll(async () => {
  await product.stop();
  await replicate.close();
  remove();
});

const newAccount = (): Promise<Account> => openAccount(product.address);
const about = (text: string, changes: object = {}): ChatBody => ({
  ...question(text, EXAMPLE.bytes),
  model: MODEL,
  ...changes,
});

describe("llava-v1.6-34b at Replicate", () => {
  it("answers about the whole image, at preflight's count, and leaves no file behind", async () => {
    const account = await newAccount();
    const body = about("What color is the square?", { temperature: 0, max_tokens: 20 });
    const counted = await account.count(body);
    const answer = completion.parse(await account.ask(body));
    expect(textOf(answer)).toBe(PIECES.join(""));
    expect(answer.usage.prompt_tokens).toBe(counted.prompt_tokens);
    expect(answer.usage.completion_tokens).toBeGreaterThan(0);
    expect(replicate.prediction("What color is the square?")?.input).toMatchObject({
      temperature: 0,
      top_p: 1,
      max_tokens: 20,
      image: expect.stringMatching(/\/files\/file-\d+$/),
    });
    expect((await account.settledLedger()).charged).toBeLessThanOrEqual(counted.max_cost_microcredits);
    await until("the uploaded image's deletion", () => replicate.files.size === 0);
  });

  it("streams the same text", async () => {
    const account = await newAccount();
    let text = "";
    const response = await account.post("/v1/chat/completions", about("Stream it.", { stream: true }));
    for await (const event of streamEvents(response)) {
      if (event.type === "chunk") text += event.chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(PIECES.join(""));
  });

  it("makes a broken stream good from the finished prediction", async () => {
    const account = await newAccount();
    expect(textOf(await account.ask(about(PROMPTS.breaksOff)))).toBe(PIECES.join(""));
  });

  it("cancels the prediction when the client leaves, and charges what was produced", async () => {
    const account = await newAccount();
    const leaving = new AbortController();
    const body = about(PROMPTS.hangs, { stream: true });
    const counted = await account.count(body);
    const response = await account.post("/v1/chat/completions", body, {}, leaving.signal);
    for await (const event of streamEvents(response)) {
      if (event.type === "chunk" && event.chunk.choices[0]?.delta.content) break;
    }
    leaving.abort();
    await until("the cancelled prediction", () => replicate.prediction(PROMPTS.hangs)?.status === "canceled");
    const { charged } = await account.settledLedger();
    expect(charged).toBeGreaterThan(0);
    expect(charged).toBeLessThan(counted.max_cost_microcredits);
  });

  it("answers as a job too", async () => {
    const account = await newAccount();
    const accepted = await acceptJob(account, about("As a job."));
    expect((await endedJob(account, accepted.id)).status).toBe("succeeded");
  });

  it.each([
    [PROMPTS.fails, 502, "engine_failed"],
    [PROMPTS.refused, 502, "engine_failed"],
    [PROMPTS.busy, 503, "no_worker"],
    [PROMPTS.down, 502, "worker_lost"],
  ] as const)("charges nothing when told: %s", async (prompt, status, code) => {
    const account = await newAccount();
    const response = await account.post("/v1/chat/completions", about(prompt));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
    await account.settledLedger();
    await expectUntouched(account);
  });

  it.each([
    [
      "a system message",
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi" },
        ],
      },
      "messages",
    ],
    ["a seed", { seed: 1 }, "seed"],
    ["stop strings", { stop: ["."] }, "stop"],
    [
      "the mark of an image in text",
      { messages: [{ role: "user", content: "What is <image>?" }] },
      "messages",
    ],
    ["two images", question("Compare.", EXAMPLE.bytes, EXAMPLE.bytes), "messages"],
  ])("refuses %s by name, before anything is sent", async (_, changes, param) => {
    const account = await newAccount();
    const uploads = replicate.uploads;
    const response = await account.post("/v1/chat/completions", { ...about("Hi"), ...changes, model: MODEL });
    await expectRefusal(response, {
      status: 400,
      code: "unsupported_parameter",
      message: /Replicate/,
      param,
    });
    await expectUntouched(account);
    expect(replicate.uploads).toBe(uploads);
  });

  it("says who serves the model", async () => {
    const account = await newAccount();
    expect(await (await account.fetch(`/v1/models/${MODEL}`)).json()).toMatchObject({
      served_by: "replicate",
    });
    expect(await (await account.fetch("/v1/models/tessera-tiny")).json()).toMatchObject({
      served_by: "workers",
    });
  });

  it("is ready without any worker", async () => {
    const ready = await fetch(new URL("/readyz", product.address.url));
    expect(await ready.json()).toMatchObject({ models: { [MODEL]: true } });
  });
});
