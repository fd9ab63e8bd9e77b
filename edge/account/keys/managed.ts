import { fail, ok, type Result } from "../../../core/result.ts";
import { type ActiveKey, authorise } from "./authorise.ts";
import { exceeding } from "./bounds.ts";
import type { KeyError, KeyRecord } from "./contract.ts";
import { findKey } from "./list.ts";
import { readLineage } from "./row.ts";

/**
 * The key of this id, if the asking key may manage it: it must have no more than the asking one, and descend from it.
 * What a key outside its line spends counts against no budget of the asking one, so only a key without maker and
 * budget, an owner's, manages all.
 */
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
  if (option !== null) return fail({ code: "exceeds_own_key", option });
  return isOwner(asker.value) || lineageOf(sql, id).includes(asker.value.id)
    ? ok({ asker: asker.value, record })
    : fail({ code: "exceeds_own_key", option: null });
}

function isOwner({ lineage, budget }: ActiveKey): boolean {
  const hasMaker = readLineage(lineage).length > 1;
  return !hasMaker && Object.values(budget).every((limit) => limit === null);
}

function lineageOf(sql: SqlStorage, id: string): readonly string[] {
  const { lineage } = sql.exec<{ lineage: string }>("SELECT lineage FROM key WHERE id = ?", id).one();
  return readLineage(lineage);
}
