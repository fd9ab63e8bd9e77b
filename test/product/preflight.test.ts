/** Law: preflight's numbers are the worker's numbers, for the same request. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { stripes } from "../helpers/picture.ts";
import { type ChatBody, completion, MODEL, preflight } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";

const ROUNDS = 25;
const REQUESTS_A_ROUND = 8;

/** Sides that lie on and beside the tiles' edges as often as anywhere else. */
const side = fc.oneof(
  fc.integer({ min: 1, max: 1400 }),
  fc.constantFrom(1, 2, 335, 336, 337, 671, 672, 673, 1007, 1008, 1009, 1344),
);
/** Extreme ratios are rare among random sides. */
const size = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(side, side) },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), side) },
  { weight: 1, arbitrary: fc.tuple(side, fc.integer({ min: 1, max: 4 })) },
);

const picture = fc.record({
  size,
  seed: fc.integer({ min: 0, max: 255 }),
  detail: fc.constantFrom("auto" as const, "high" as const, "low" as const),
});

const words = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(..."图片里的星星是什么颜色？有几个圆环🔴🟦👩‍👩‍👧"), maxLength: 20 }),
  fc.constantFrom("What color is the star?", "<image>", "<|im_end|>", " \n\t ", "﻿", "é́́"),
);

const text = words.map((value) => ({ type: "text" as const, text: value }));
const image = picture.map(({ size: [width, height], seed, detail }) => ({
  type: "image_url" as const,
  image_url: {
    url: `data:image/png;base64,${stripes(width, height, seed).toString("base64")}`,
    detail,
  },
}));

/** Most turns have no picture, so that four are seldom exceeded; the rest are dropped. */
const turn = fc.tuple(
  fc.array(fc.oneof({ weight: 2, arbitrary: text }, { weight: 1, arbitrary: image }), {
    minLength: 1,
    maxLength: 3,
  }),
  words,
);

const body: fc.Arbitrary<ChatBody> = fc
  .record({ system: fc.option(words), turns: fc.array(turn, { minLength: 1, maxLength: 3 }) })
  .map(({ system, turns }) => {
    let pictures = 0;
    const messages = turns.flatMap(([parts, answer]) => {
      const content = parts.map((part) =>
        part.type === "image_url" && ++pictures > 4 ? { type: "text" as const, text: "and" } : part,
      );
      return [
        { role: "user", content },
        { role: "assistant", content: answer },
      ];
    });
    const first = system === null ? [] : [{ role: "system", content: system }];
    return { model: MODEL, max_tokens: 1, messages: [...first, ...messages.slice(0, -1)] };
  });

async function counts(account: Account, request: ChatBody) {
  const [asked, answered] = await Promise.all([
    account.post("/v1/preflight", request),
    account.post("/v1/chat/completions", request, { "cache-control": "no-store" }),
  ]);
  const [foretold, given]: unknown[] = await Promise.all([asked.json(), answered.json()]);
  expect([asked.status, answered.status], JSON.stringify([foretold, given])).toEqual([200, 200]);
  const { prompt_tokens, image_tokens, text_tokens, text_tokens_exact } = preflight.parse(foretold);
  const { usage } = completion.parse(given);
  return {
    exact: text_tokens_exact,
    before: { prompt_tokens, image_tokens, text_tokens },
    after: {
      prompt_tokens: usage.prompt_tokens,
      image_tokens: usage.prompt_tokens_details.image_tokens,
      text_tokens: usage.prompt_tokens_details.text_tokens,
    },
    cost: Math.round(usage.cost * 1e6),
  };
}

describe("preflight", () => {
  it(`equals usage for ${ROUNDS * REQUESTS_A_ROUND} random requests`, { timeout: 180_000 }, async () => {
    const account = await newAccount(1_000_000_000);
    const seed = Date.now() % 2 ** 31;
    console.log(`preflight's random requests: seed ${seed}`);
    const seen = { requests: 0, pictures: 0, cost: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { minLength: REQUESTS_A_ROUND, maxLength: REQUESTS_A_ROUND }),
        async (requests) => {
          for (const { exact, before, after, cost } of await Promise.all(
            requests.map((request) => counts(account, request)),
          )) {
            expect(exact).toBe(true);
            expect(before).toEqual(after);
            expect(after.prompt_tokens).toBe(after.image_tokens + after.text_tokens);
            seen.requests++;
            seen.pictures += after.image_tokens > 0 ? 1 : 0;
            seen.cost += cost;
          }
        },
      ),
      { numRuns: ROUNDS, seed, endOnFailure: true },
    );
    expect(seen.requests).toBe(ROUNDS * REQUESTS_A_ROUND);
    expect(seen.pictures).toBeGreaterThan(seen.requests / 4);
    expect((await account.settledLedger()).charged).toBe(seen.cost);
  });

  it("shows each picture's tiles, and costs nothing", async () => {
    const account = await newAccount(1);
    const response = await account.post("/v1/preflight", {
      model: MODEL,
      max_tokens: 10,
      messages: [
        {
          role: "user",
          content: [
            {
              type: "image_url",
              image_url: { url: `data:;base64,${stripes(672, 336, 1).toString("base64")}` },
            },
            {
              type: "image_url",
              image_url: { url: `data:;base64,${stripes(10, 10, 1).toString("base64")}`, detail: "low" },
            },
          ],
        },
      ],
    });
    expect(response.status).toBe(200);
    // Two tiles of 12 × 12 patches beside each other, 12 newlines, and the base view.
    expect(await response.json()).toMatchObject({
      image_tokens: 144 + 288 + 12 + 144,
      max_tokens: 10,
      images: [
        { width: 672, height: 336, grid: [672, 336], resized: [672, 336], tiles: 3, tokens: { total: 444 } },
        { width: 10, height: 10, grid: null, resized: null, tiles: 1, tokens: { total: 144 } },
      ],
    });
    expect(await account.ledger()).toMatchObject({ balance: 1, held: 0, charged: 0 });
  });
});
