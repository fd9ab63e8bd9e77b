/**
 * Keys as the account shows them, and what may be asked of them. Amounts are whole micro-credits, times Unix
 * milliseconds.
 */
import type { AccountError } from "../contract.ts";
import type { Scope } from "../scopes.ts";

/** Why a key's request about keys is refused, beside what refuses any request. */
export type KeyError =
  | AccountError
  | { readonly code: "key_not_found" }
  | { readonly code: "key_revoked" }
  /** The account has as many usable keys, or the asking key as long a lineage, as may be. */
  | { readonly code: "too_many_keys"; readonly what: "account" | "lineage"; readonly limit: number }
  /**
   * The asking key has less than the option names, so it may not give it, nor manage a key that has it; null where the
   * key to be managed does not descend from it.
   */
  | { readonly code: "exceeds_own_key"; readonly option: KeyOption | null };

export interface KeyLimits {
  readonly requestsPerMinute: number;
  /** Null for no limit. A request counts with its prompt and its longest answer. */
  readonly tokensPerMinute: number | null;
  readonly concurrency: number;
}

export type BudgetPeriod = "total" | "day" | "month";

/** What a key may spend in all and in each UTC day and month; null for no limit. */
export type Budget = { readonly [Period in BudgetPeriod]: number | null };

export interface KeyOptions {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The models that it may ask; null for all. */
  readonly models: readonly string[] | null;
  readonly expiresAt: number | null;
  readonly limits: KeyLimits;
  readonly budget: Budget;
}

/** What of a key's options can be more than another key's. */
export type KeyOption = "scopes" | "models" | "expiresAt" | keyof KeyLimits | `budget.${BudgetPeriod}`;

/** A key as it is listed; the key itself is shown once, when it is made or rotated. */
export interface KeyRecord extends KeyOptions {
  readonly id: string;
  /** The first characters, by which a person recognises it. */
  readonly start: string;
  /** The key that made it; null for the operator. */
  readonly createdBy: string | null;
  readonly createdAt: number;
  /** At most an hour late. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  /** Charged and held, by this key and those that descend from it. */
  readonly used: { readonly [Period in BudgetPeriod]: number };
}

/** A key whose text is shown now and never again. */
export interface ShownKey {
  readonly key: string;
  readonly record: KeyRecord;
}

/** Options of a key that another makes; what is left out is taken from its maker. */
export type NewKey = Pick<KeyOptions, "name"> & KeyChanges;
export type KeyChanges = {
  readonly [Option in Exclude<keyof KeyOptions, "limits" | "budget">]?: KeyOptions[Option] | undefined;
} & {
  readonly limits?: { readonly [Limit in keyof KeyLimits]?: KeyLimits[Limit] | undefined };
  readonly budget?: { readonly [Period in BudgetPeriod]?: number | null | undefined };
};
