import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { checkChain, receiptSchema, verifyReceipt } from "../../core/receipt.ts";
import { receiptKeys } from "../receipts/signing-key.ts";
import {
  ALL_USAGE,
  ANSWER,
  DAY,
  FACTS,
  MINUTE,
  newAccount,
  ringAlarm,
  type Stub,
  settlement,
  standStill,
  travel,
} from "./testing/fixture.ts";

standStill();

const WHOLE = { order: "asc", limit: 100 } as const;

async function ask(stub: Stub, keyHash: string, job: string, charge: number): Promise<void> {
  await stub.reserve({ keyHash, job, amount: 100, expiresAt: Date.now() + MINUTE, facts: FACTS });
  await stub.settle(settlement(job, charge));
}

async function payloads(stub: Stub, keyHash: string): Promise<string[]> {
  const listed = await stub.receipts(keyHash, WHOLE);
  if (!listed.ok || !listed.value) throw new Error("Receipts are listed.");
  return listed.value.items;
}

describe("receipts", () => {
  it("say what was known when the request began and what came of it", async () => {
    const { account, stub, keyHash, keyId } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await ask(stub, keyHash, "chatcmpl-1", 500);
    const receipt = receiptSchema.parse(JSON.parse((await payloads(stub, keyHash))[0] ?? ""));
    expect(receipt).toMatchObject({
      id: "rcpt_1",
      account,
      key: keyId,
      request: "chatcmpl-1",
      request_hash: FACTS.requestHash,
      images: FACTS.images,
      price_version: FACTS.priceVersion,
      usage: { output_tokens: ANSWER.usage.outputTokens },
      // No more than was held.
      cost_microcredits: 100,
    });
  });

  it("count no more tokens than the request was counted with", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await stub.reserve({ keyHash, job: "job_1", amount: 100, expiresAt: Date.now() + MINUTE, facts: FACTS });
    const { end, ...absurd } = settlement("job_1", Number.MAX_SAFE_INTEGER);
    const tokens = { imageTokens: 150, textTokens: 2 ** 52, outputTokens: Number.MAX_SAFE_INTEGER };
    await stub.settle({ ...absurd, end: { ...end, usage: tokens } });
    const [receipt] = (await payloads(stub, keyHash)).map((payload) => JSON.parse(payload));
    expect(receipt).toMatchObject({
      usage: { image_tokens: 150, text_tokens: FACTS.tokens - 150, output_tokens: 0 },
      cost_microcredits: 100,
    });
  });

  it("are written for what nobody settled, and not again when its outcome comes late", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    await stub.reserve({ keyHash, job: "job_1", amount: 100, expiresAt: Date.now() + MINUTE, facts: FACTS });
    expect(await payloads(stub, keyHash)).toEqual([]);
    travel(MINUTE);
    await ringAlarm(stub);
    await stub.settle(settlement("job_1", 50));
    const all = (await payloads(stub, keyHash)).map((payload) => receiptSchema.parse(JSON.parse(payload)));
    expect(all).toMatchObject([{ status: "expired", cost_microcredits: 0, request_hash: FACTS.requestHash }]);
  });

  it("are deleted after 400 days but for the last, and what is left is still one chain", async () => {
    const { stub, keyHash } = await newAccount(1000, { scopes: ["infer", "usage:read"] });
    for (let job = 1; job <= 3; job++) await ask(stub, keyHash, `chatcmpl-${job}`, job);
    travel(399 * DAY);
    await ringAlarm(stub);
    expect(await payloads(stub, keyHash)).toHaveLength(3);
    travel(DAY);
    await ringAlarm(stub);
    expect(await payloads(stub, keyHash)).toHaveLength(1);
    await ask(stub, keyHash, "chatcmpl-4", 4);

    const { sign, published } = await receiptKeys(env);
    const left = await payloads(stub, keyHash);
    const verified = await Promise.all(
      left.map(async (payload) => verifyReceipt(await sign(payload), published)),
    );
    const chain = verified.map((each) => {
      if (!each.ok) throw new Error(each.error);
      return each.value;
    });
    expect(chain.map(({ receipt }) => receipt.sequence)).toEqual([3, 4]);
    expect(checkChain(chain)).toEqual([]);
    expect(await stub.usage(keyHash, ALL_USAGE)).toMatchObject({
      value: [
        { requests: 3, charge: 6 },
        { requests: 1, charge: 4 },
      ],
    });
  });
});
