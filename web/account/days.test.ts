import { expect, it } from "vitest";
import { byDayAndModel, roundUp, type UsageRow } from "./days.ts";

const DAY = 86_400;

function row(start: number, model: string, cost: number): UsageRow {
  return {
    start,
    model,
    requests: 1,
    image_tokens: 10,
    text_tokens: 2,
    output_tokens: 3,
    cost_microcredits: cost,
  };
}

it("sums a day's rows by model, keeps empty days, and leaves out other days", () => {
  const rows = [
    row(DAY, "b", 5),
    row(DAY, "a", 1),
    row(DAY, "a", 2),
    row(3 * DAY, "b", 7),
    row(9 * DAY, "b", 1),
  ];
  const { models, stacks } = byDayAndModel(rows, { from: DAY, days: 3, measure: "cost" });
  expect(models).toEqual(["a", "b"]);
  expect(stacks).toEqual([
    { day: "1970-01-02", parts: [3, 5] },
    { day: "1970-01-03", parts: [0, 0] },
    { day: "1970-01-04", parts: [0, 7] },
  ]);
  const tokens = byDayAndModel(rows, { from: DAY, days: 1, measure: "tokens" });
  expect(tokens.stacks[0]?.parts).toEqual([30, 15]);
});

it("ends a scale at a round number that holds the highest value", () => {
  expect([0, 1, 3, 20, 21, 887, 1_000_001].map(roundUp)).toEqual([1, 1, 5, 20, 50, 1000, 2_000_000]);
});
