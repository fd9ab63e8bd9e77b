import { fail, ok, type Result } from "../../../core/result.ts";
import type { AccountError } from "../contract.ts";
import type { Scope } from "../scopes.ts";
import type { KeyOptions } from "./contract.ts";
import { type KeyRow, optionsOf } from "./row.ts";

/** A key's use is noted with what it writes anyway, and otherwise once in this time, in milliseconds. */
const USE_NOTED_MS = 3_600_000;

/** A key that may be used now. */
export interface ActiveKey extends KeyOptions {
  readonly id: string;
  /** JSON: its own id and the ids of the keys that it descends from. */
  readonly lineage: string;
  readonly lastUsedAt: number | null;
}

/** The key of this hash, if it may do any of `scopes` now. */
export function authorise(
  sql: SqlStorage,
  hash: string,
  scopes: readonly [Scope, ...Scope[]],
  now: number,
): Result<ActiveKey, AccountError> {
  const row = sql
    .exec<KeyRow & { until: number | null; suspended_at: number | null }>(
      `SELECT key.*, secret.until, (SELECT suspended_at FROM account) AS suspended_at
       FROM secret JOIN key ON key.id = secret.key WHERE secret.hash = ?`,
      hash,
    )
    .toArray()[0];
  if (!row || row.revoked_at !== null) return fail({ code: "invalid_api_key" });
  if (row.suspended_at !== null) return fail({ code: "account_suspended" });
  if ([row.until, row.expires_at].some((end) => end !== null && end <= now)) {
    return fail({ code: "api_key_expired" });
  }
  const options = optionsOf(row);
  if (!scopes.some((scope) => options.scopes.includes(scope))) {
    return fail({ code: "insufficient_scope", scope: scopes[0] });
  }
  return ok({
    ...options,
    id: row.id,
    lineage: row.lineage,
    lastUsedAt: row.last_used_at,
  });
}

/** Writes that a key was used, unless that was written lately. */
export function noteUse(sql: SqlStorage, { id, lastUsedAt }: ActiveKey, now: number): void {
  if (lastUsedAt !== null && now - lastUsedAt < USE_NOTED_MS) return;
  sql.exec("UPDATE key SET last_used_at = ? WHERE id = ?", now, id);
}
