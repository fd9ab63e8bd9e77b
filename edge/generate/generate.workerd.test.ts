import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { law, newAccount, newOwner } from "../account/testing/fixture.ts";
import { QUESTION, send } from "../testing/ask.ts";
import { answerWith, playWorker, reportWorker } from "../testing/worker.ts";

beforeEach(() => reportWorker());
afterEach(() => vi.restoreAllMocks());

it.each([false, true])(
  "counts and charges no more than was asked for, whatever its worker says (stream: %s)",
  async (stream) => {
    const { stub, key } = await newAccount(1_000_000);
    const absurd = Number.MAX_SAFE_INTEGER;
    playWorker(() => answerWith({ imageTokens: absurd, textTokens: absurd, outputTokens: absurd }));
    const usage = stream && { stream_options: { include_usage: true } };
    const { status, text } = await send(key, "/v1/chat/completions", {
      body: { ...QUESTION, stream, ...usage },
    });
    expect(status).toBe(200);
    expect(text).toContain('"completion_tokens":3,');
    expect(text).toContain('"image_tokens":0}');

    const { charged } = await stub.ledger();
    expect(text).toContain(`"cost_microcredits":${charged}}`);
    const listed = await stub.receipts(await newOwner(stub), { order: "asc", limit: 1 });
    const receipt = JSON.parse((listed.ok && listed.value?.items[0]) || "null");
    const { text_tokens } = receipt.usage;
    expect(receipt).toMatchObject({
      usage: { image_tokens: 0, output_tokens: 3 },
      cost_microcredits: charged,
    });
    expect(charged).toBe(text_tokens + 4 * 3);
    expect(await law(stub)).toEqual([]);
  },
);
