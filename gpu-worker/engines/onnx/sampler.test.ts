import { describe, expect, it } from "vitest";
import { seededRandom } from "./random.ts";
import { logprobs, sample } from "./sampler.ts";

const LOGITS = Float32Array.of(1, 3, 2, 3, -1);

/** How often each id comes in many draws. */
function shares(temperature: number, topP: number): number[] {
  const random = seededRandom(7);
  const draws = 20_000;
  const counts = LOGITS.map(() => 0);
  for (let draw = 0; draw < draws; draw += 1) {
    const id = sample(LOGITS, { temperature, topP }, random);
    if (id.ok) counts[id.value] = (counts[id.value] ?? 0) + 1;
  }
  return [...counts].map((count) => count / draws);
}

describe("sampling", () => {
  it("is greedy at temperature 0, with the lowest id among equals", () => {
    expect(sample(LOGITS, { temperature: 0, topP: 1 }, () => 0.99)).toEqual({ ok: true, value: 1 });
  });

  it("follows the softmax of the logits over the temperature", () => {
    for (const temperature of [0.7, 1, 2]) {
      const weights = [...LOGITS].map((logit) => Math.exp(logit / temperature));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      shares(temperature, 1).forEach((share, id) => {
        expect(share).toBeCloseTo((weights[id] ?? 0) / sum, 1.7);
      });
    }
  });

  it("keeps the smallest set of likeliest tokens that holds top_p", () => {
    expect(shares(1, 0.1)).toEqual([0, 1, 0, 0, 0]);
    const [, first, , second, ...rest] = shares(1, 0.7);
    expect([first, second]).toEqual([expect.closeTo(0.5, 1), expect.closeTo(0.5, 1)]);
    expect(rest).toEqual([0]);
  });

  it("fails on logits that are not numbers", () => {
    expect(sample(Float32Array.of(1, Number.NaN), { temperature: 0, topP: 1 }, () => 0).ok).toBe(false);
    expect(sample(Float32Array.of(Number.NaN, 1), { temperature: 1, topP: 1 }, () => 0).ok).toBe(false);
  });
});

describe("a seeded generator", () => {
  it("repeats itself for one seed and differs between seeds, large and negative ones too", () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1];
    const draw = (seed: number) => Array.from({ length: 4 }, seededRandom(seed));
    const draws = seeds.map(draw);
    expect(seeds.map(draw)).toEqual(draws);
    expect(new Set(draws.flat()).size).toBe(4 * seeds.length);
    expect(draws.flat().every((value) => value >= 0 && value < 1)).toBe(true);
  });
});

describe("the probabilities of a token", () => {
  it("are logarithms of the softmax, whatever the temperature, best first", () => {
    const sum = [...LOGITS].reduce((total, logit) => total + Math.exp(logit), 0);
    const of = (id: number) => ({ id, logprob: expect.closeTo((LOGITS[id] ?? 0) - Math.log(sum), 6) });
    expect(logprobs(LOGITS, 2, 3)).toEqual({ ...of(2), top: [of(1), of(3), of(2)] });
    expect(logprobs(LOGITS, 4, 0)).toEqual({ ...of(4), top: [] });
  });

  it("stay finite for logits of any size", () => {
    const { logprob, top } = logprobs(Float32Array.of(1e30, -1e30), 0, 2);
    expect([logprob, ...top.map((each) => each.logprob)].every(Number.isFinite)).toBe(true);
  });
});
