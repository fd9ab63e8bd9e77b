/** The account's keys. A key is a row with its options, and one secret or more, of which only hashes are kept. */
import { z } from "zod";
import { fail, ok, type Result } from "../../core/result.ts";
import { randomBase62 } from "../auth/base62.ts";
import { hashKey, mintKey, startOf } from "../auth/key.ts";
import { usedNow } from "./budgets.ts";
import type { AccountError, KeyChanges, KeyError, KeyOptions, KeyRecord, NewKey } from "./contract.ts";
import { changedOptions, derivedOptions, exceeding } from "./key-bounds.ts";
import { SCOPES, type Scope } from "./scopes.ts";

const scopeList = z.array(z.enum(SCOPES));
const modelList = z.array(z.string()).nullable();
const lineageList = z.tuple([z.string()], z.string());

/** A key's use is noted with what it writes anyway, and otherwise once in this time, in milliseconds. */
const USE_NOTED_MS = 3_600_000;

/** A key that may be used now. */
export interface ActiveKey extends KeyOptions {
  readonly id: string;
  /** JSON: its own id and the ids of the keys that it descends from. */
  readonly lineage: string;
  /** The rate limits' states, see `limits.ts`. */
  readonly requestArrival: number;
  readonly tokenArrival: number;
  readonly lastUsedAt: number | null;
}

/** A key's text, which is never stored, and what is stored of it. */
export interface Secret {
  readonly key: string;
  readonly hash: string;
  readonly start: string;
}

export async function newSecret(account: string, secret: string): Promise<Secret> {
  const key = await mintKey(account, secret);
  return { key, hash: await hashKey(key), start: startOf(key) };
}

type KeyRow = {
  id: string;
  name: string;
  lineage: string;
  scopes: string;
  models: string | null;
  requests_per_minute: number;
  tokens_per_minute: number | null;
  concurrency: number;
  budget_total: number | null;
  budget_day: number | null;
  budget_month: number | null;
  used_total: number;
  used_day: number;
  day: number;
  used_month: number;
  month: number;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  request_arrival: number;
  token_arrival: number;
};
type ListedRow = KeyRow & { start: string };

const LISTED = `SELECT key.*,
  (SELECT start FROM secret WHERE secret.key = key.id AND until IS NULL) AS start FROM key`;

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
    requestArrival: row.request_arrival,
    tokenArrival: row.token_arrival,
    lastUsedAt: row.last_used_at,
  });
}

/** Writes that a key was used, unless that was written lately. */
export function noteUse(sql: SqlStorage, { id, lastUsedAt }: ActiveKey, now: number): void {
  if (lastUsedAt !== null && now - lastUsedAt < USE_NOTED_MS) return;
  sql.exec("UPDATE key SET last_used_at = ? WHERE id = ?", now, id);
}

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
  const ancestors = maker ? lineageList.parse(JSON.parse(maker.lineage)) : [];
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
  return ok(insertKey(sql, secret, options, maker.value, now));
}

export function listKeys(sql: SqlStorage, now: number): KeyRecord[] {
  return sql
    .exec<ListedRow>(`${LISTED} ORDER BY created_at, id`)
    .toArray()
    .map((row) => toRecord(row, now));
}

export function findKey(sql: SqlStorage, id: string, now: number): KeyRecord | undefined {
  const row = sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).toArray()[0];
  return row && toRecord(row, now);
}

/** The key of this id, if the asking key may manage it: it must have no more than the asking one. */
function managedKey(
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
  sql.exec(
    `UPDATE key SET name = ?, scopes = ?, models = ?, requests_per_minute = ?, tokens_per_minute = ?, concurrency = ?,
       budget_total = ?, budget_day = ?, budget_month = ?, expires_at = ? WHERE id = ?`,
    options.name,
    ...storedOptions(options),
    id,
  );
  return ok(recordOf(sql, id, now));
}

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

function insertSecret(sql: SqlStorage, id: string, { hash, start }: Secret, now: number): void {
  sql.exec("INSERT INTO secret (hash, key, start, created_at) VALUES (?, ?, ?, ?)", hash, id, start, now);
}

/** In the order of the columns: from scopes to expires_at. */
function storedOptions({ scopes, models, limits, budget, expiresAt }: KeyOptions) {
  return [
    JSON.stringify(scopes),
    models && JSON.stringify(models),
    limits.requestsPerMinute,
    limits.tokensPerMinute,
    limits.concurrency,
    budget.total,
    budget.day,
    budget.month,
    expiresAt,
  ] as const;
}

/** The last guard of the books: the routes refuse such options with a reason. */
function checkOptions({ limits, budget }: KeyOptions): void {
  const isWhole = (value: number | null, least: number) =>
    value === null || (Number.isSafeInteger(value) && value >= least);
  if (!Object.values(limits).every((limit) => isWhole(limit, 1))) {
    throw new RangeError("A key's limits are whole numbers above 0.");
  }
  if (!Object.values(budget).every((limit) => isWhole(limit, 0))) {
    throw new RangeError("A budget is a whole number of micro-credits.");
  }
}

function recordOf(sql: SqlStorage, id: string, now: number): KeyRecord {
  return toRecord(sql.exec<ListedRow>(`${LISTED} WHERE id = ?`, id).one(), now);
}

function toRecord(row: ListedRow, now: number): KeyRecord {
  return {
    ...optionsOf(row),
    id: row.id,
    start: row.start,
    createdBy: lineageList.parse(JSON.parse(row.lineage))[1] ?? null,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    used: usedNow(row, now),
  };
}

function optionsOf(row: KeyRow): KeyOptions {
  return {
    name: row.name,
    scopes: scopeList.parse(JSON.parse(row.scopes)),
    models: row.models === null ? null : modelList.parse(JSON.parse(row.models)),
    expiresAt: row.expires_at,
    limits: {
      requestsPerMinute: row.requests_per_minute,
      tokensPerMinute: row.tokens_per_minute,
      concurrency: row.concurrency,
    },
    budget: { total: row.budget_total, day: row.budget_day, month: row.budget_month },
  };
}
