/** Keys as they are stored. A key is a row with its options, and one secret or more, of which only hashes are kept. */
import { z } from "zod";
import type { LineKey } from "../lineage.ts";
import { SCOPES } from "../scopes.ts";
import type { KeyOptions } from "./contract.ts";

const scopeList = z.array(z.enum(SCOPES));
const modelList = z.array(z.string()).nullable();
const lineageList = z.tuple([z.string()], z.string());

/** A key's whole row. */
export type KeyRow = LineKey & {
  name: string;
  lineage: string;
  scopes: string;
  models: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
};

/** The ids of a stored lineage: the key's own, its maker's, and so on. */
export function readLineage(text: string): [string, ...string[]] {
  return lineageList.parse(JSON.parse(text));
}

export function optionsOf(row: KeyRow): KeyOptions {
  return {
    name: row.name,
    scopes: scopeList.parse(JSON.parse(row.scopes)),
    models: row.models === null ? null : modelList.parse(JSON.parse(row.models)),
    expiresAt: row.expires_at,
    limits: {
      requestsPerMinute: row.requests_per_minute,
      tokensPerMinute: row.tokens_per_minute,
      concurrency: row.concurrency,
    },
    budget: { total: row.budget_total, day: row.budget_day, month: row.budget_month },
  };
}

/** In the order of the columns: from scopes to expires_at. */
export function storedOptions({ scopes, models, limits, budget, expiresAt }: KeyOptions) {
  return [
    JSON.stringify(scopes),
    models && JSON.stringify(models),
    limits.requestsPerMinute,
    limits.tokensPerMinute,
    limits.concurrency,
    budget.total,
    budget.day,
    budget.month,
    expiresAt,
  ] as const;
}

/** The last guard of the books: the routes refuse such options with a reason. */
export function checkOptions({ limits, budget }: KeyOptions): void {
  const isWhole = (value: number | null, least: number) =>
    value === null || (Number.isSafeInteger(value) && value >= least);
  if (!Object.values(limits).every((limit) => isWhole(limit, 1))) {
    throw new RangeError("A key's limits are whole numbers above 0.");
  }
  if (!Object.values(budget).every((limit) => isWhole(limit, 0))) {
    throw new RangeError("A budget is a whole number of micro-credits.");
  }
}
