import { ok, type Result } from "../../../core/result.ts";
import type { KeyError, KeyRecord } from "./contract.ts";
import { recordOf } from "./list.ts";
import { managedKey } from "./managed.ts";

/** Revoking twice keeps the first time. */
export function revokeKey(
  sql: SqlStorage,
  askerHash: string,
  id: string,
  now: number,
): Result<KeyRecord, KeyError> {
  const managed = managedKey(sql, askerHash, id, now);
  if (!managed.ok) return managed;
  sql.exec("UPDATE key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", now, id);
  return ok(recordOf(sql, id, now));
}
