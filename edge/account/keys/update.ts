import { fail, ok, type Result } from "../../../core/result.ts";
import { changedOptions, exceeding } from "./bounds.ts";
import type { KeyChanges, KeyError, KeyOptions, KeyRecord } from "./contract.ts";
import { recordOf } from "./list.ts";
import { countUsable, MAX_KEYS } from "./make.ts";
import { managedKey } from "./managed.ts";
import { checkOptions, storedOptions } from "./row.ts";

/** Changes the options that are given, never to more than the asking key has. */
export function updateKey(
  sql: SqlStorage,
  askerHash: string,
  id: string,
  changes: KeyChanges,
  now: number,
): Result<KeyRecord, KeyError> {
  const managed = managedKey(sql, askerHash, id, now);
  if (!managed.ok) return managed;
  const { asker, record } = managed.value;
  if (record.revokedAt !== null) return fail({ code: "key_revoked" });
  const options = changedOptions(record, changes);
  const option = exceeding(options, asker);
  if (option !== null) return fail({ code: "exceeds_own_key", option });
  checkOptions(options);
  const revives = hasExpired(record, now) && !hasExpired(options, now);
  if (revives && countUsable(sql, now) >= MAX_KEYS) {
    return fail({ code: "too_many_keys", what: "account", limit: MAX_KEYS });
  }
  sql.exec(
    `UPDATE key SET name = ?, scopes = ?, models = ?, requests_per_minute = ?, tokens_per_minute = ?, concurrency = ?,
       budget_total = ?, budget_day = ?, budget_month = ?, expires_at = ? WHERE id = ?`,
    options.name,
    ...storedOptions(options),
    id,
  );
  return ok(recordOf(sql, id, now));
}

function hasExpired({ expiresAt }: KeyOptions, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}
