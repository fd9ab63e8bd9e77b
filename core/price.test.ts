import fc from "fast-check";
import { expect, it } from "vitest";
import type { Price } from "./models.ts";
import { affordableTokens, charge, worstCase } from "./price.ts";

const amount = fc.nat({ max: 1000 });
const price: fc.Arbitrary<Price> = fc.record({
  version: fc.constant("test/1"),
  imageToken: amount,
  textToken: amount,
  outputToken: amount,
  cacheHit: amount,
  minimum: fc.nat({ max: 100_000 }),
});
const prompt = fc.record({ imageTokens: fc.nat({ max: 5000 }), textTokens: fc.nat({ max: 5000 }) });

it("charges tokens, and never less than the minimum", () => {
  const flat = { version: "flat/1", imageToken: 1, textToken: 2, outputToken: 4, cacheHit: 3, minimum: 50 };
  expect(charge(flat, { imageTokens: 10, textTokens: 1, outputTokens: 1 })).toBe(50);
  expect(charge(flat, { imageTokens: 100, textTokens: 10, outputTokens: 5 })).toBe(140);
  expect(worstCase({ ...flat, cacheHit: 900 }, { imageTokens: 1, textTokens: 1, outputTokens: 1 })).toBe(900);
});

it("affords exactly the tokens that fit a ceiling", () => {
  fc.assert(
    fc.property(price, prompt, fc.nat({ max: 10_000_000 }), (price, prompt, maxCost) => {
      const tokens = affordableTokens(price, prompt, maxCost);
      const cost = (outputTokens: number) => worstCase(price, { ...prompt, outputTokens });
      if (tokens === Number.MAX_SAFE_INTEGER) expect(cost(1_000_000)).toBeLessThanOrEqual(maxCost);
      else if (tokens > 0) {
        expect(cost(tokens)).toBeLessThanOrEqual(maxCost);
        expect(cost(tokens + 1)).toBeGreaterThan(maxCost);
      } else expect(cost(1)).toBeGreaterThan(maxCost);
    }),
  );
});
