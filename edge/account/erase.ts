/** The end of an account: every row goes, and a tombstone stays until nothing that was under way can write any more. */
import type { Kept } from "../erasure/stores.ts";
import type { Ledger } from "./contract.ts";
import { readLedger } from "./ledger.ts";

/**
 * How long a deleted account is swept again, in milliseconds. Longer than anything that the account let in before may take:
 * a stored job's run is the longest, with the platform's 15 minutes for an alarm handler.
 */
const TOMBSTONE_MS = 20 * 60_000;
/** How soon each sweep follows the one before, in milliseconds. */
export const SWEEP_MS = 60_000;

export interface Tombstone {
  readonly account: string;
  readonly deletedAt: number;
}

/**
 * Drops every table and leaves the tombstone. Open holds are given back in full, whatever becomes of their requests: the
 * ledger is the account's last.
 */
export function eraseAccount(sql: SqlStorage, account: string, now: number): Ledger {
  const { granted, charged } = readLedger(sql);
  for (const table of tables(sql)) sql.exec(`DROP TABLE "${table}"`);
  sql.exec("CREATE TABLE tombstone (account TEXT NOT NULL, deleted_at INTEGER NOT NULL) STRICT");
  sql.exec("INSERT INTO tombstone (account, deleted_at) VALUES (?, ?)", account, now);
  return { granted, balance: granted - charged, held: 0, charged };
}

/** The tombstone of an account that was deleted lately; asking writes nothing. */
export function readTombstone(sql: SqlStorage): Tombstone | undefined {
  if (!tables(sql).includes("tombstone")) return undefined;
  return sql
    .exec<{ account: string; deletedAt: number }>("SELECT account, deleted_at AS deletedAt FROM tombstone")
    .toArray()[0];
}

/** Whether the tombstone has stood long enough. */
export function hasRested({ deletedAt }: Tombstone, now: number): boolean {
  return deletedAt + TOMBSTONE_MS <= now;
}

/** The account's rows, table by table; a tombstone is none. */
export function listRows(sql: SqlStorage): Kept[] {
  return tables(sql)
    .filter((table) => table !== "tombstone")
    .map((table) => ({
      store: `account.${table}`,
      count: sql.exec<{ count: number }>(`SELECT count(*) AS count FROM "${table}"`).one().count,
    }))
    .filter(({ count }) => count > 0);
}

/** The object's own tables; the runtime's begin with an underscore. */
function tables(sql: SqlStorage): string[] {
  return sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*' AND name NOT GLOB 'sqlite_*'",
    )
    .toArray()
    .map(({ name }) => name);
}
