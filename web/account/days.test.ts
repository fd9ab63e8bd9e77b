import { expect, it } from "vitest";
import { MODELS } from "../../core/models.ts";
import { byDayAndModel, roundUp, seriesOf, type UsageRow } from "./days.ts";

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

it("leaves out models with nothing to show, and keeps each model's colour", () => {
  const rows = [
    row(DAY, "llava-v1.6-34b", 0),
    row(DAY, "llava-v1.6-vicuna-7b", 3),
    row(9 * DAY, "llava-v1.6-vicuna-13b", 4),
    row(DAY, "retired", 1),
  ];
  const cost = byDayAndModel(rows, { from: DAY, days: 3, measure: "cost" });
  expect(cost.models).toEqual(["llava-v1.6-vicuna-7b", "retired"]);
  expect(cost.stacks[0]?.parts).toEqual([3, 1]);
  const requests = byDayAndModel(rows, { from: DAY, days: 3, measure: "requests" });
  expect(requests.models).toEqual(["llava-v1.6-34b", "llava-v1.6-vicuna-7b", "retired"]);
  const series = requests.models.map(seriesOf);
  expect(new Set(series).size).toBe(3);
  expect(series.at(-1)).toBe(MODELS.length);
});

it("ends a scale at a round number that holds the highest value", () => {
  expect([0, 1, 3, 20, 21, 887, 1_000_001].map(roundUp)).toEqual([1, 1, 5, 20, 50, 1000, 2_000_000]);
});
