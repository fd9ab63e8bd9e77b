import { fail, ok, type Result } from "../../../core/result.ts";
import type { KeyError, KeyRecord } from "./contract.ts";
import { recordOf } from "./list.ts";
import { managedKey } from "./managed.ts";
import { insertSecret, type Secret } from "./secret.ts";

/** Gives a key a second text; what it had ends after `overlapMs`, or when it would have ended anyway. */
export function rotateKey(
  sql: SqlStorage,
  askerHash: string,
  id: string,
  { secret, overlapMs }: { secret: Secret; overlapMs: number },
  now: number,
): Result<KeyRecord, KeyError> {
  if (!Number.isSafeInteger(overlapMs) || overlapMs < 0) throw new RangeError("An overlap is 0 ms or more.");
  const managed = managedKey(sql, askerHash, id, now);
  if (!managed.ok) return managed;
  if (managed.value.record.revokedAt !== null) return fail({ code: "key_revoked" });
  sql.exec("UPDATE secret SET until = min(coalesce(until, ?1), ?1) WHERE key = ?2", now + overlapMs, id);
  insertSecret(sql, id, secret, now);
  return ok(recordOf(sql, id, now));
}
