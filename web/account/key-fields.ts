/** A key's options as a person fills them in, and as the API takes them. */
import { toMicroCredits } from "../shared/amounts.ts";
import type { ApiKey, Scope } from "./key.ts";

export const BUDGETS = ["total", "month", "day"] as const;
export type Budget = (typeof BUDGETS)[number];

export interface KeyFields {
  readonly name: string;
  /** The last day, YYYY-MM-DD; empty for no end. */
  readonly expires: string;
  readonly scopes: readonly Scope[];
  /** None for all. */
  readonly models: readonly string[];
  /** Credits; empty for no limit. */
  readonly budget: Readonly<Record<Budget, string>>;
}

/** Nothing filled in. */
export const EMPTY: KeyFields = {
  name: "",
  expires: "",
  scopes: [],
  models: [],
  budget: { total: "", month: "", day: "" },
};

const DAY_SECONDS = 86_400;
const CREDIT = 1_000_000;

export function fieldsOf({ name, scopes, models, expires_at, budget }: ApiKey): KeyFields {
  const filled = (microCredits: number | null) =>
    microCredits === null ? "" : String(microCredits / CREDIT);
  return {
    name,
    expires: expires_at === null ? "" : new Date((expires_at - 1) * 1000).toISOString().slice(0, 10),
    scopes,
    models: models ?? [],
    budget: {
      total: filled(budget.total_microcredits),
      month: filled(budget.month_microcredits),
      day: filled(budget.day_microcredits),
    },
  };
}

/** The body that changes `from` into `to`: what is the same in both is left out. */
export function changedOptions(from: KeyFields, to: KeyFields) {
  const differ = (one: readonly string[], other: readonly string[]) => one.join() !== other.join();
  const budget = BUDGETS.filter((each) => to.budget[each] !== from.budget[each]).map((each) => [
    `${each}_microcredits`,
    toMicroCredits(to.budget[each]),
  ]);
  return {
    ...(to.name !== from.name && { name: to.name.trim() }),
    ...(differ(to.scopes, from.scopes) && { scopes: to.scopes }),
    ...(differ(to.models, from.models) && { models: to.models.length === 0 ? null : to.models }),
    // Until the end of that day.
    ...(to.expires !== from.expires && {
      expires_at: to.expires === "" ? null : Date.parse(to.expires) / 1000 + DAY_SECONDS,
    }),
    ...(budget.length > 0 && { budget: Object.fromEntries(budget) }),
  };
}
