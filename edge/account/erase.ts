/** The end of an account: every row goes, and a tombstone stays until nothing that was under way can write any more. */
import type { Env } from "../env.ts";
import { deleteKept, type Kept, listKept } from "../erasure/stores.ts";
import type { Erasure, Ledger } from "./contract.ts";
import { readLedger } from "./ledger.ts";
import type { Tables } from "./tables.ts";

/**
 * How long a deleted account is swept again, in milliseconds. Longer than anything that the account let in before may
 * take: a stored job's run is the longest, with the platform's 15 minutes for an alarm handler.
 */
const TOMBSTONE_MS = 20 * 60_000;
/** How soon each sweep follows the one before, in milliseconds. */
const SWEEP_MS = 60_000;

interface Tombstone {
  readonly account: string;
  readonly deletedAt: number;
}

/** Deletes the account, and what is kept of it elsewhere. Null when there is nothing to delete. */
export async function eraseAccount(
  env: Env,
  storage: DurableObjectStorage,
  tables: Tables,
  account: string,
): Promise<Erasure | null> {
  const ledger = tables.close((sql, now) => dropAccount(sql, account, now));
  if (readTombstone(storage.sql)) {
    // Set first: whatever cuts this call off, the alarm goes on.
    await storage.setAlarm(Date.now() + SWEEP_MS);
  } else if ((await listEverything(env, storage.sql, account)).length === 0) {
    return null;
  }
  await deleteKept(env, account);
  return { ledger, kept: await listEverything(env, storage.sql, account) };
}

/** Deletes what was written late for an account that is gone, and at last its tombstone. */
export async function sweepErased(env: Env, storage: DurableObjectStorage): Promise<void> {
  const tombstone = readTombstone(storage.sql);
  if (!tombstone) return;
  const { account, deletedAt } = tombstone;
  const rested = deletedAt + TOMBSTONE_MS <= Date.now();
  await storage.setAlarm(Date.now() + SWEEP_MS);
  await deleteKept(env, account);
  const kept = await listKept(env, account);
  if (rested && kept.length === 0) await storage.deleteAll();
}

/** What is kept of an account, in its object and elsewhere. */
export async function listEverything(env: Env, sql: SqlStorage, account: string): Promise<Kept[]> {
  return [...listRows(sql), ...(await listKept(env, account))];
}

/**
 * Drops every table and leaves the tombstone. Open holds are given back in full, whatever becomes of their requests:
 * the ledger is the account's last.
 */
function dropAccount(sql: SqlStorage, account: string, now: number): Ledger {
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

/** The account's rows, table by table; a tombstone is none. */
function listRows(sql: SqlStorage): Kept[] {
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
