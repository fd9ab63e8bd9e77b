import { fail, ok, type Result } from "../../../core/result.ts";
import { randomBase62 } from "../../auth/base62.ts";
import { type ActiveKey, authorise } from "./authorise.ts";
import { derivedOptions, exceeding } from "./bounds.ts";
import type { KeyError, KeyOptions, KeyRecord, NewKey } from "./contract.ts";
import { recordOf } from "./list.ts";
import { checkOptions, readLineage, storedOptions } from "./row.ts";
import { insertSecret, type Secret } from "./secret.ts";

/** The most keys of an account that may be used at a time. */
export const MAX_KEYS = 1_000;
/** The most keys in a line of makers: each request is counted against all of them. */
export const MAX_LINEAGE = 8;

/** A key that the operator makes, or a maker that has been found to have as much. */
export function insertKey(
  sql: SqlStorage,
  secret: Secret,
  options: KeyOptions,
  maker: ActiveKey | null,
  now: number,
): KeyRecord {
  checkOptions(options);
  const id = `key_${randomBase62(16)}`;
  const ancestors = maker ? readLineage(maker.lineage) : [];
  sql.exec(
    `INSERT INTO key (id, name, lineage, scopes, models, requests_per_minute, tokens_per_minute, concurrency,
       budget_total, budget_day, budget_month, expires_at, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    options.name,
    JSON.stringify([id, ...ancestors]),
    ...storedOptions(options),
    now,
  );
  insertSecret(sql, id, secret, now);
  return recordOf(sql, id, now);
}

/** A key that another makes. */
export function deriveKey(
  sql: SqlStorage,
  makerHash: string,
  secret: Secret,
  asked: NewKey,
  now: number,
): Result<KeyRecord, KeyError> {
  const maker = authorise(sql, makerHash, ["keys:write"], now);
  if (!maker.ok) return maker;
  const options = derivedOptions(asked, maker.value);
  const option = exceeding(options, maker.value);
  if (option !== null) return fail({ code: "exceeds_own_key", option });
  if (readLineage(maker.value.lineage).length >= MAX_LINEAGE) {
    return fail({ code: "too_many_keys", what: "lineage", limit: MAX_LINEAGE });
  }
  if (countUsable(sql, now) >= MAX_KEYS) {
    return fail({ code: "too_many_keys", what: "account", limit: MAX_KEYS });
  }
  return ok(insertKey(sql, secret, options, maker.value, now));
}

/** How many of the account's keys are neither revoked nor expired. */
export function countUsable(sql: SqlStorage, now: number): number {
  return sql
    .exec<{ count: number }>(
      "SELECT count(*) AS count FROM key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
      now,
    )
    .one().count;
}
