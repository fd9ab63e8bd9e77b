/** Random conversations for laws that hold for every request. */
import fc from "fast-check";
import { expect } from "vitest";
import { findModel } from "../../core/models.ts";
import type { Account } from "./account.ts";
import { dataUrl, stripes } from "./picture.ts";
import { type ChatBody, completion } from "./question.ts";

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
export interface RandomRequest {
  readonly system: string | null;
  readonly turns: readonly {
    readonly parts: readonly (Words | Picture)[];
    readonly answer: string;
  }[];
}

export const randomRequest: fc.Arbitrary<RandomRequest> = fc.record({
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

/**
 * The request's body for a model. Pictures beyond what it can take are left out, as is low detail where it has none.
 */
export function bodyOf({ system, turns }: RandomRequest, model: string, most: number): ChatBody {
  const lowDetail = findModel(model)?.lowDetail ?? false;
  let pictures = 0;
  const messages = turns.flatMap(({ parts, answer }) => [
    {
      role: "user",
      content: parts.map((part) => {
        if ("text" in part) return { type: "text" as const, text: part.text };
        if (++pictures > most) return { type: "text" as const, text: "and" };
        const url = dataUrl(stripes(...part.size, part.seed));
        const detail = part.detail === "low" && !lowDetail ? "auto" : part.detail;
        return { type: "image_url" as const, image_url: { url, detail } };
      }),
    },
    { role: "assistant", content: answer },
  ]);
  const first = system === null ? [] : [{ role: "system", content: system }];
  return { model, max_tokens: 1, messages: [...first, ...messages.slice(0, -1)] };
}

/**
 * The numbers of preflight and of usage for each of the requests, all asked at once; without those answered by nothing.
 */
export async function countAll(account: Account, bodies: readonly ChatBody[]) {
  const all = await Promise.all(bodies.map((body) => countBoth(account, body)));
  return all.filter((each) => each !== null);
}

/** Null when the model, asked about nothing it knows, gave nothing to read: that costs nothing and has no usage. */
async function countBoth(account: Account, body: ChatBody) {
  const [{ text_tokens_exact, ...foretold }, response] = await Promise.all([
    account.count(body),
    account.post("/v1/chat/completions", body, { "cache-control": "no-store" }),
  ]);
  const text = await response.text();
  if (response.status === 502 && text.includes('"empty_output"')) return null;
  expect(response.status, text).toBe(200);
  const { usage } = completion.parse(JSON.parse(text));
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
