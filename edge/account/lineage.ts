/**
 * What a request counts against: the asking key and every key that it descends from, each with its own rates, places
 * and budgets. So making keys multiplies nothing.
 */
import { type Admission, admit, type Standing } from "./limits.ts";

/** A key in the line, as far as a request counts against it. */
export type LineKey = {
  id: string;
  requests_per_minute: number;
  tokens_per_minute: number | null;
  concurrency: number;
  request_arrival: number;
  token_arrival: number;
  budget_total: number | null;
  budget_day: number | null;
  budget_month: number | null;
  used_total: number;
  used_day: number;
  day: number;
  used_month: number;
  month: number;
};

/** The rate limits' next states of a key. */
export interface Arrivals {
  readonly key: string;
  readonly request: number;
  readonly token: number;
}

export interface Rates {
  readonly arrivals: readonly Arrivals[];
  /** The tightest of each limit: what the next request meets first. */
  readonly standings: readonly Standing[];
  readonly exceeded: { readonly key: string; readonly standing: Standing } | null;
}

/** `lineage`: JSON, the ids of the key and of those that it descends from. */
export function readLine(sql: SqlStorage, lineage: string): LineKey[] {
  return sql
    .exec<LineKey>(
      `SELECT id, requests_per_minute, tokens_per_minute, concurrency, request_arrival, token_arrival,
         budget_total, budget_day, budget_month, used_total, used_day, day, used_month, month
       FROM key WHERE id IN (SELECT value FROM json_each(?))`,
      lineage,
    )
    .toArray();
}

/** Whether one request of so many tokens fits the rates of every key in the line. */
export function admitLine(line: readonly LineKey[], tokens: number, now: number): Rates {
  const admitted = line.map((key) => ({
    key: key.id,
    requests: admit(
      { name: "requests", limit: key.requests_per_minute, arrival: key.request_arrival },
      1,
      now,
    ),
    tokens:
      key.tokens_per_minute === null
        ? null
        : admit({ name: "tokens", limit: key.tokens_per_minute, arrival: key.token_arrival }, tokens, now),
    tokenArrival: key.token_arrival,
  }));
  const all = admitted.flatMap(({ key, requests, tokens }) =>
    [requests, ...(tokens ? [tokens] : [])].map((admission) => ({ key, admission })),
  );
  // The longest wait of those refused: before then another key in the line would refuse again.
  const [refused] = all
    .filter(({ admission }) => !admission.ok)
    .toSorted((left, right) => right.admission.standing.nextMs - left.admission.standing.nextMs);
  return {
    arrivals: admitted.map(({ key, requests, tokens, tokenArrival }) => ({
      key,
      request: requests.arrival,
      token: tokens?.arrival ?? tokenArrival,
    })),
    standings: (["requests", "tokens"] as const).flatMap((name) =>
      tightest(all.map(({ admission }) => admission).filter(({ standing }) => standing.name === name)),
    ),
    exceeded: refused ? { key: refused.key, standing: refused.admission.standing } : null,
  };
}

/** The key in the line whose open requests, and those of its descendants, leave no place for one more. */
export function fullKey(sql: SqlStorage, line: readonly LineKey[]): LineKey | undefined {
  const fewest = Math.min(...line.map(({ concurrency }) => concurrency));
  const { open } = sql
    .exec<{ open: number }>("SELECT count(*) AS open FROM hold WHERE expires_at IS NOT NULL")
    .one();
  if (open < fewest) return undefined;
  const taken = sql
    .exec<{ id: string; open: number }>(
      // Counted by key first, from the index alone: a lineage is read once for a key, not for each of its holds.
      `SELECT member.value AS id, sum(asked.open) AS open
       FROM (SELECT key, count(*) AS open FROM hold WHERE expires_at IS NOT NULL GROUP BY key) AS asked
         JOIN key AS asking ON asking.id = asked.key JOIN json_each(asking.lineage) AS member
       GROUP BY member.value`,
    )
    .toArray();
  const openOf = new Map(taken.map((each) => [each.id, each.open]));
  return line.find(({ id, concurrency }) => (openOf.get(id) ?? 0) >= concurrency);
}

function tightest(admissions: readonly Admission[]): Standing[] {
  const [first] = admissions.toSorted(
    (left, right) => Number(left.ok) - Number(right.ok) || left.standing.remaining - right.standing.remaining,
  );
  return first ? [first.standing] : [];
}
