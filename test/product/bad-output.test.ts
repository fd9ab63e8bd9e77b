/** A model that answers nothing of use: the request ends with a typed error and costs nothing. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { spoiledWeights, ZERO } from "../../gpu-worker/testing/weights.ts";
import { type Account, openAccount } from "../helpers/account.ts";
import { acceptJob, endedJob } from "../helpers/jobs.ts";
import { Product, temporaryHome } from "../helpers/product.ts";
import { question } from "../helpers/question.ts";

const { home, remove } = temporaryHome();
let weights: string;
let product: Product;
let account: Account;
let before: Awaited<ReturnType<Account["ledger"]>>;

beforeAll(async () => {
  weights = await spoiledWeights(ZERO);
  product = await Product.start(home, { TESSERA_WEIGHTS: weights });
  account = await openAccount(product.address);
  before = await account.ledger();
});
afterAll(async () => {
  await product.stop();
  remove();
  await rm(weights, { recursive: true });
});

const failure = z.object({ error: z.object({ code: z.string() }) });

describe.each([
  ["empty_output", 16],
  ["endless_repetition", 64],
])("%s", (code, maxTokens) => {
  const body = { ...question("What is this?"), max_tokens: maxTokens };

  it("is the error of an answer, and costs nothing", async () => {
    const response = await account.post("/v1/chat/completions", body);
    expect([response.status, failure.parse(await response.json()).error.code]).toEqual([502, code]);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await account.settledLedger()).toEqual(before);
  });

  it("is the last event of a stream, and costs nothing", async () => {
    const response = await account.post("/v1/chat/completions", { ...body, stream: true });
    const events = (await response.text()).trim().split("\n\n");
    expect(failure.parse(JSON.parse(events.at(-1)?.replace(/^data: /, "") ?? "")).error.code).toBe(code);
    expect(await account.settledLedger()).toEqual(before);
  });

  it("is the error of a job, and costs nothing", async () => {
    const job = await endedJob(account, (await acceptJob(account, body)).id);
    expect(job).toMatchObject({ status: "failed", error: { code } });
    expect(await account.settledLedger()).toEqual(before);
  });
});
