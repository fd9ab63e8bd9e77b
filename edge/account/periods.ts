/** The periods of budgets, numbered in UTC. */

const DAY_MS = 86_400_000;

export interface Periods {
  readonly day: number;
  readonly month: number;
}

/** Days and months since 1970. */
export function periodsOf(now: number): Periods {
  const date = new Date(now);
  return {
    day: Math.floor(now / DAY_MS),
    month: (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth(),
  };
}

/** How long until the next day or month begins, in milliseconds. */
export function untilNext(period: "day" | "month", now: number): number {
  if (period === "day") return DAY_MS - (now % DAY_MS);
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - now;
}
