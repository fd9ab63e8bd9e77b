/** Usage as a plot needs it: every day of a range, each model's part of it, and a scale. */

import { MODELS } from "../../core/models.ts";

/** A sum of the API's; times in Unix seconds. */
export interface UsageRow {
  readonly start: number;
  readonly model: string;
  readonly requests: number;
  readonly image_tokens: number;
  readonly text_tokens: number;
  readonly output_tokens: number;
  readonly cost_microcredits: number;
}

export const MEASURES = ["cost", "requests", "tokens"] as const;
export type Measure = (typeof MEASURES)[number];

export interface DayStack {
  /** YYYY-MM-DD, in UTC. */
  readonly day: string;
  /** In the order of `models`. */
  readonly parts: readonly number[];
}

export interface Days {
  /** Those with anything to show, in the registry's order. */
  readonly models: readonly string[];
  readonly stacks: readonly DayStack[];
}

const DAY_SECONDS = 86_400;

interface Range {
  /** The first day's beginning, in Unix seconds. */
  readonly from: number;
  readonly days: number;
  readonly measure: Measure;
}

export function byDayAndModel(rows: readonly UsageRow[], { from, days, measure }: Range): Days {
  const inRange = rows.filter(({ start }) => start >= from && start < from + days * DAY_SECONDS);
  const used = inRange.filter((row) => MEASURE[measure](row) > 0);
  const models = [...new Set(used.map(({ model }) => model))].sort(
    (a, b) => seriesOf(a) - seriesOf(b) || a.localeCompare(b),
  );
  const stacks = Array.from({ length: days }, (_, index) => {
    const start = from + index * DAY_SECONDS;
    const ofDay = rows.filter((row) => row.start >= start && row.start < start + DAY_SECONDS);
    return {
      day: new Date(start * 1000).toISOString().slice(0, 10),
      parts: models.map((model) => sum(ofDay.filter((row) => row.model === model).map(MEASURE[measure]))),
    };
  });
  return { models, stacks };
}

/** Which of the plot's colours is a model's, whichever others are shown; those that are retired share the last. */
export function seriesOf(model: string): number {
  const index = MODELS.findIndex(({ id }) => id === model);
  return index < 0 ? MODELS.length : index;
}

const MEASURE: Record<Measure, (row: UsageRow) => number> = {
  cost: (row) => row.cost_microcredits,
  requests: (row) => row.requests,
  tokens: (row) => row.image_tokens + row.text_tokens + row.output_tokens,
};

/** The least of 1, 2, 5, 10, 20, … that is not below `value`: where a scale ends. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
