import { fail, ok, type Result } from "../../../core/result.ts";
import type { KeyError, KeyRecord } from "../contract.ts";
import { type ActiveKey, authorise } from "./authorise.ts";
import { exceeding } from "./bounds.ts";
import { findKey } from "./list.ts";

/** The key of this id, if the asking key may manage it: it must have no more than the asking one. */
export function managedKey(
  sql: SqlStorage,
  askerHash: string,
  id: string,
  now: number,
): Result<{ asker: ActiveKey; record: KeyRecord }, KeyError> {
  const asker = authorise(sql, askerHash, ["keys:write"], now);
  if (!asker.ok) return asker;
  const record = findKey(sql, id, now);
  if (!record) return fail({ code: "key_not_found" });
  const option = exceeding(record, asker.value);
  return option === null ? ok({ asker: asker.value, record }) : fail({ code: "exceeds_own_key", option });
}
