/** Law: preflight's numbers are the worker's numbers, for the same request. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { dataUrl, stripes } from "../helpers/picture.ts";
import { type ChatBody, MODEL } from "../helpers/question.ts";
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

type Words = { readonly text: string };
type Picture = typeof picture extends fc.Arbitrary<infer Value> ? Value : never;

/** What a counterexample shows: sizes instead of pictures. */
interface RandomRequest {
  readonly system: string | null;
  readonly turns: readonly {
    readonly parts: readonly (Words | Picture)[];
    readonly answer: string;
  }[];
}

const request: fc.Arbitrary<RandomRequest> = fc.record({
  system: fc.option(words),
  turns: fc.array(
    fc.record({
      parts: fc.array(
        fc.oneof({ weight: 2, arbitrary: fc.record({ text: words }) }, { weight: 1, arbitrary: picture }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      answer: words,
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** The request's body. Pictures beyond the fourth, which the model would refuse, are left out. */
function bodyOf({ system, turns }: RandomRequest): ChatBody {
  let pictures = 0;
  const messages = turns.flatMap(({ parts, answer }) => [
    {
      role: "user",
      content: parts.map((part) => {
        if ("text" in part) return { type: "text" as const, text: part.text };
        if (++pictures > 4) return { type: "text" as const, text: "and" };
        const url = dataUrl(stripes(...part.size, part.seed));
        return { type: "image_url" as const, image_url: { url, detail: part.detail } };
      }),
    },
    { role: "assistant", content: answer },
  ]);
  const first = system === null ? [] : [{ role: "system", content: system }];
  return { model: MODEL, max_tokens: 1, messages: [...first, ...messages.slice(0, -1)] };
}

async function counts(account: Account, body: ChatBody) {
  const [{ text_tokens_exact, ...foretold }, { usage }] = await Promise.all([
    account.count(body),
    account.ask(body, { "cache-control": "no-store" }),
  ]);
  return {
    exact: text_tokens_exact,
    before: [foretold.prompt_tokens, foretold.image_tokens, foretold.text_tokens],
    after: [
      usage.prompt_tokens,
      usage.prompt_tokens_details.image_tokens,
      usage.prompt_tokens_details.text_tokens,
    ],
    hasPicture: usage.prompt_tokens_details.image_tokens > 0,
    cost: usage.cost_microcredits,
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
        fc.array(request, { minLength: REQUESTS_A_ROUND, maxLength: REQUESTS_A_ROUND }),
        async (requests) => {
          const all = await Promise.all(requests.map((each) => counts(account, bodyOf(each))));
          for (const { exact, before, after, hasPicture, cost } of all) {
            expect(exact).toBe(true);
            expect(before).toEqual(after);
            expect(after[0]).toBe((after[1] ?? 0) + (after[2] ?? 0));
            seen.requests++;
            seen.pictures += hasPicture ? 1 : 0;
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
              image_url: { url: dataUrl(stripes(672, 336, 1)) },
            },
            {
              type: "image_url",
              image_url: { url: dataUrl(stripes(10, 10, 1)), detail: "low" },
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
