/** No key gives more than it has: what a key may make or manage is bounded by its own options. */
import type { Budget, KeyChanges, KeyLimits, KeyOption, KeyOptions, NewKey } from "./contract.ts";

/** What a key gets whose maker has more and says nothing. */
const USUAL: KeyLimits = { requestsPerMinute: 600, tokensPerMinute: null, concurrency: 64 };

const isWithin = (own: number | null, bound: number | null) =>
  bound === null || (own !== null && own <= bound);

/** The first option of `options` that is more than `bound` has, or null. */
export function exceeding(options: KeyOptions, bound: KeyOptions): KeyOption | null {
  const { models } = bound;
  const within: Readonly<Record<KeyOption, boolean>> = {
    scopes: options.scopes.every((scope) => bound.scopes.includes(scope)),
    models: models === null || (options.models?.every((model) => models.includes(model)) ?? false),
    expiresAt: isWithin(options.expiresAt, bound.expiresAt),
    requestsPerMinute: isWithin(options.limits.requestsPerMinute, bound.limits.requestsPerMinute),
    tokensPerMinute: isWithin(options.limits.tokensPerMinute, bound.limits.tokensPerMinute),
    concurrency: isWithin(options.limits.concurrency, bound.limits.concurrency),
    "budget.total": isWithin(options.budget.total, bound.budget.total),
    "budget.day": isWithin(options.budget.day, bound.budget.day),
    "budget.month": isWithin(options.budget.month, bound.budget.month),
  };
  const names = Object.keys(within).filter((name): name is KeyOption => name in within);
  return names.find((name) => !within[name]) ?? null;
}

/** A new key's options: those asked for, else the usual limits, else its maker's. */
export function derivedOptions(asked: NewKey, maker: KeyOptions): KeyOptions {
  const limits: KeyLimits = {
    requestsPerMinute: Math.min(USUAL.requestsPerMinute, maker.limits.requestsPerMinute),
    tokensPerMinute: maker.limits.tokensPerMinute,
    concurrency: Math.min(USUAL.concurrency, maker.limits.concurrency),
  };
  return changedOptions({ ...maker, limits }, asked);
}

/** Options with the given ones in place of the present ones. */
export function changedOptions(present: KeyOptions, changes: KeyChanges): KeyOptions {
  const { name, scopes, models, expiresAt, limits = {}, budget = {} } = changes;
  return {
    name: name ?? present.name,
    scopes: scopes ?? present.scopes,
    models: models === undefined ? present.models : models,
    expiresAt: expiresAt === undefined ? present.expiresAt : expiresAt,
    limits: {
      requestsPerMinute: limits.requestsPerMinute ?? present.limits.requestsPerMinute,
      tokensPerMinute:
        limits.tokensPerMinute === undefined ? present.limits.tokensPerMinute : limits.tokensPerMinute,
      concurrency: limits.concurrency ?? present.limits.concurrency,
    },
    budget: changedBudget(present.budget, budget),
  };
}

function changedBudget(present: Budget, changes: NonNullable<KeyChanges["budget"]>): Budget {
  const { total = present.total, day = present.day, month = present.month } = changes;
  return { total, day, month };
}
