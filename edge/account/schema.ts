/**
 * The account's tables. Amounts are whole micro-credits, times Unix milliseconds.
 *
 * Each account's object has tables of its own, made when it was opened, maybe long ago: whenever an object wakes, it
 * takes the steps that it has not taken yet. A step that has been released is never changed; what comes later is a
 * further step, written so that the Worker before it can go on with its result while a deployment spreads.
 */

const TABLES = `
  CREATE TABLE IF NOT EXISTS account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    suspended_at INTEGER,
    -- Where account events go, and below what credit left 'balance.low' is one; low_told is 1 once it was sent.
    webhook_url TEXT,
    low_at INTEGER NOT NULL DEFAULT 0,
    low_told INTEGER NOT NULL DEFAULT 0,
    granted INTEGER NOT NULL,
    held INTEGER NOT NULL CHECK (held >= 0),
    charged INTEGER NOT NULL CHECK (charged >= 0),
    CHECK (granted >= held + charged)
  ) STRICT;

  -- Append-only. 'grant', 'take_back' and 'refund' are named by their own ids, the others by their job. The amounts of
  -- 'take_back' and 'refund' are what they take from granted and charged. job: which charge a refund gives back.
  CREATE TABLE IF NOT EXISTS entry (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'take_back', 'charge', 'refund', 'expired', 'forgiven')),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    key TEXT,
    job TEXT,
    at INTEGER NOT NULL,
    UNIQUE (id, kind)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS refund_by_job ON entry (job) WHERE kind = 'refund';

  -- facts: what the receipt will say of the request. expires_at is null for a stored job's hold, which ends only with
  -- the job. attempt: which one may settle the hold of an attached request.
  CREATE TABLE IF NOT EXISTS hold (
    job TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    held_at INTEGER NOT NULL,
    expires_at INTEGER,
    attempt INTEGER NOT NULL DEFAULT 1,
    facts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS hold_by_key ON hold (key) WHERE expires_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS hold_by_expiry ON hold (expires_at) WHERE expires_at IS NOT NULL;

  -- lineage: JSON, the key's id and the ids of the keys that it descends from; what it uses counts for all of them.
  -- used_…: what is charged and held, with the UTC day and month that the latter two belong to.
  -- …_arrival: a rate limit's theoretical arrival time, in microseconds.
  CREATE TABLE IF NOT EXISTS key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    lineage TEXT NOT NULL,
    scopes TEXT NOT NULL,
    models TEXT,
    requests_per_minute INTEGER NOT NULL,
    tokens_per_minute INTEGER,
    concurrency INTEGER NOT NULL,
    budget_total INTEGER,
    budget_day INTEGER,
    budget_month INTEGER,
    used_total INTEGER NOT NULL DEFAULT 0,
    used_day INTEGER NOT NULL DEFAULT 0,
    day INTEGER NOT NULL DEFAULT 0,
    used_month INTEGER NOT NULL DEFAULT 0,
    month INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    request_arrival INTEGER NOT NULL DEFAULT 0,
    token_arrival INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- What a key is shown as, once. A rotated key has a second one for a while, which until ends.
  CREATE TABLE IF NOT EXISTS secret (
    hash TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    start TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS secret_by_key ON secret (key);

  -- due_at: when the doorbell rings again, and for a finished job when it is deleted. idempotency_key: the SHA-256 of
  -- the key under which the request came, until the job has failed.
  CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    attempt INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    deadline INTEGER,
    rings INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    request TEXT NOT NULL,
    webhook TEXT,
    answer TEXT,
    failure TEXT,
    charge INTEGER NOT NULL DEFAULT 0,
    cache TEXT,
    idempotency_key TEXT,
    fingerprint TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_by_due ON job (due_at);
  CREATE UNIQUE INDEX IF NOT EXISTS job_by_idempotency_key ON job (idempotency_key)
    WHERE idempotency_key IS NOT NULL;

  -- due_at: when the event is sent again, and once it is delivered or given up when it is deleted.
  CREATE TABLE IF NOT EXISTS outbox (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up')),
    attempt INTEGER NOT NULL,
    due_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS outbox_by_due ON outbox (due_at);

  -- Chained by its sequence: each payload has the hash of the one before.
  CREATE TABLE IF NOT EXISTS receipt (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL
  ) STRICT;

  -- Sums of receipts by hour; sequence is the last one counted in a row.
  CREATE TABLE IF NOT EXISTS usage (
    hour INTEGER NOT NULL,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    status TEXT NOT NULL,
    requests INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    image_tokens INTEGER NOT NULL,
    text_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    charge INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (hour, key, model, status)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS usage_by_sequence ON usage (sequence);

  -- Up to which receipt usage is counted, and shipped to D1; due_at: not before then is it shipped again.
  CREATE TABLE IF NOT EXISTS meter (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    counted INTEGER NOT NULL DEFAULT 0,
    shipped INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO meter (one) VALUES (1) ON CONFLICT DO NOTHING;

  -- steps: how many of the steps below the object has taken.
  CREATE TABLE IF NOT EXISTS version (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    steps INTEGER NOT NULL
  ) STRICT;
  INSERT INTO version (one, steps) VALUES (1, 1) ON CONFLICT DO NOTHING;
`;

/** For listing jobs of one state: a state's entries lie in the order in which its jobs were written. */
const JOBS_BY_STATE = "CREATE INDEX IF NOT EXISTS job_by_state ON job (state)";

/**
 * For counting open holds by key from the index alone: though `hold_by_key` has open ones only, SQLite reads the row of
 * each to see whether it has an end, which makes a request take 3 ms longer where 9,000 are open.
 */
const OPEN_HOLDS_BY_KEY = `
  CREATE INDEX IF NOT EXISTS open_hold_by_key ON hold (key, expires_at) WHERE expires_at IS NOT NULL;
  DROP INDEX IF EXISTS hold_by_key;
`;

/** In order; an object's version is how many of them it has taken. */
const STEPS: readonly string[] = [TABLES, JOBS_BY_STATE, OPEN_HOLDS_BY_KEY];

/** Takes the steps that are missing; to be called inside a transaction. */
export function bringUpToDate(sql: SqlStorage, steps = STEPS): void {
  for (const step of steps.slice(versionOf(sql))) sql.exec(step);
  sql.exec("UPDATE version SET steps = max(steps, ?)", steps.length);
}

/** Whether the tables are those of this code, or of later code that has been rolled back; asking writes nothing. */
export function isUpToDate(sql: SqlStorage): boolean {
  return versionOf(sql) >= STEPS.length;
}

/** Whether the account was ever opened; asking writes nothing. */
export function isOpen(sql: SqlStorage): boolean {
  return hasTable(sql, "account");
}

function versionOf(sql: SqlStorage): number {
  return hasTable(sql, "version") ? sql.exec<{ steps: number }>("SELECT steps FROM version").one().steps : 0;
}

function hasTable(sql: SqlStorage, name: string): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).toArray().length > 0;
}
