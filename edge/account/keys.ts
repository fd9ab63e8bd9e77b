/** The account's keys: only their hashes are kept. */
import { z } from "zod";
import { fail, ok, type Result } from "../../core/result.ts";
import { randomBase62 } from "../auth/base62.ts";
import { hashKey, mintKey, startOf } from "../auth/key.ts";
import type { AccountError, KeyLimits, KeyOptions, KeyRecord } from "./contract.ts";
import { SCOPES, type Scope } from "./scopes.ts";

const scopeList = z.array(z.enum(SCOPES));

/** A key that may be used now. */
export interface ActiveKey {
  readonly id: string;
  readonly limits: KeyLimits;
  /** The rate limit's state, see `limits.ts`. */
  readonly arrival: number;
}

/** A new key of an account, to be stored with `insertKey`. */
export async function newKey(
  account: string,
  secret: string,
  options: KeyOptions,
  now: number,
): Promise<{ key: string; hash: string; record: KeyRecord }> {
  const { requestsPerMinute, concurrency } = options.limits;
  if (![requestsPerMinute, concurrency].every((limit) => Number.isSafeInteger(limit) && limit > 0)) {
    throw new RangeError("A key's limits are whole numbers above 0.");
  }
  const key = await mintKey(account, secret);
  const record: KeyRecord = {
    id: `key_${randomBase62(16)}`,
    start: startOf(key),
    name: options.name,
    scopes: [...options.scopes],
    limits: { requestsPerMinute, concurrency },
    createdAt: now,
    expiresAt: options.expiresAt,
    revokedAt: null,
  };
  return { key, hash: await hashKey(key), record };
}

export function insertKey(sql: SqlStorage, hash: string, record: KeyRecord): void {
  sql.exec(
    `INSERT INTO key (id, hash, start, name, scopes, requests_per_minute, concurrency, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.id,
    hash,
    record.start,
    record.name,
    JSON.stringify(record.scopes),
    record.limits.requestsPerMinute,
    record.limits.concurrency,
    record.createdAt,
    record.expiresAt,
  );
}

type KeyRow = {
  id: string;
  start: string;
  name: string;
  scopes: string;
  requests_per_minute: number;
  concurrency: number;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  arrival: number;
};

export function listKeys(sql: SqlStorage): KeyRecord[] {
  return sql
    .exec<KeyRow>("SELECT * FROM key ORDER BY created_at, id")
    .toArray()
    .map((row) => ({
      id: row.id,
      start: row.start,
      name: row.name,
      scopes: scopeList.parse(JSON.parse(row.scopes)),
      limits: { requestsPerMinute: row.requests_per_minute, concurrency: row.concurrency },
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    }));
}

/** False when there is no such key; revoking twice keeps the first time. */
export function revokeKey(sql: SqlStorage, id: string, now: number): boolean {
  const revoked = sql.exec(
    "UPDATE key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING 1",
    now,
    id,
  );
  return revoked.toArray().length > 0;
}

/** The key of this hash, if it may do any of `scopes` now. */
export function authorise(
  sql: SqlStorage,
  hash: string,
  scopes: readonly [Scope, ...Scope[]],
  now: number,
): Result<ActiveKey, AccountError> {
  const row = sql.exec<KeyRow>("SELECT * FROM key WHERE hash = ?", hash).toArray()[0];
  if (!row || row.revoked_at !== null) return fail({ code: "invalid_api_key" });
  if (row.expires_at !== null && row.expires_at <= now) return fail({ code: "api_key_expired" });
  const granted = scopeList.parse(JSON.parse(row.scopes));
  if (!scopes.some((scope) => granted.includes(scope))) {
    return fail({ code: "insufficient_scope", scope: scopes[0] });
  }
  return ok({
    id: row.id,
    limits: { requestsPerMinute: row.requests_per_minute, concurrency: row.concurrency },
    arrival: row.arrival,
  });
}

/** Writes the rate limit's state of a request that was let through. */
export function noteArrival(sql: SqlStorage, id: string, arrival: number): void {
  sql.exec("UPDATE key SET arrival = ? WHERE id = ?", arrival, id);
}
