/** Stored jobs' rows: how they are written at first and read. */
import { z } from "zod";
import { cacheVerdict } from "../../core/receipt.ts";
import { answerSchema } from "./answer.ts";
import type { JobFailure, JobRecord, JobState, StoredRequest } from "./job-contract.ts";
import { type Page, type PageRange, placeOf } from "./page.ts";

/** How long after accepting a job its doorbell rings again, in milliseconds; each further ring waits twice as long. */
const FIRST_RING_MS = 5_000;
const LONGEST_RING_MS = 300_000;

/**
 * At how many bytes of answers a page of jobs ends. One call may return 32 MiB; one answer is at most 2 MB, the longest
 * text that a row may have.
 */
const PAGE_BYTES = 8 * 1024 * 1024;

const storedFailure = z.strictObject({
  code: z.string(),
  message: z.string(),
}) satisfies z.ZodType<JobFailure>;

export type JobRow = {
  id: string;
  model: string;
  state: JobState;
  attempt: number;
  lease: string | null;
  deadline: number | null;
  rings: number;
  due_at: number;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  request: string;
  webhook: string | null;
  answer: string | null;
  failure: string | null;
  charge: number;
  cache: string | null;
  idempotency_key: string | null;
  fingerprint: string | null;
};

type RecordRow = Omit<
  JobRow,
  "lease" | "deadline" | "rings" | "due_at" | "request" | "webhook" | "idempotency_key" | "fingerprint"
>;

const RECORD_COLUMNS =
  "id, model, state, attempt, created_at, started_at, finished_at, answer, failure, charge, cache";

export function readJob(sql: SqlStorage, id: string): JobRow | undefined {
  return sql.exec<JobRow>("SELECT * FROM job WHERE id = ?", id).toArray()[0];
}

export interface JobRange extends PageRange {
  /** Only jobs in this state. */
  readonly state?: JobState | undefined;
}

/** Jobs, the latest first; null when `after` is unknown. Large answers end a page before `limit`. */
export function listJobs(sql: SqlStorage, { state, after, limit }: JobRange): Page<JobRecord> | null {
  const before = after === undefined ? Number.MAX_SAFE_INTEGER : placeOf(sql, "job", after);
  if (before === undefined) return null;
  const places = sql
    .exec<{ rowid: number; bytes: number }>(
      `SELECT rowid, coalesce(octet_length(answer), 0) AS bytes FROM job
       WHERE rowid < ? ${state === undefined ? "" : "AND state = ?"} ORDER BY rowid DESC LIMIT ?`,
      ...(state === undefined ? [before, limit + 1] : [before, state, limit + 1]),
    )
    .toArray();
  let bytes = 0;
  const page = places.slice(0, limit).filter((place) => {
    bytes += place.bytes;
    return bytes <= PAGE_BYTES;
  });
  const items = page.map(({ rowid }) =>
    jobRecord(sql.exec<RecordRow>(`SELECT ${RECORD_COLUMNS} FROM job WHERE rowid = ?`, rowid).one()),
  );
  return { items, more: places.length > page.length };
}

/** Writes a new job, queued and with its hold placed; returns the row. */
export function insertJob(sql: SqlStorage, stored: StoredRequest, now: number): JobRow {
  return sql
    .exec<JobRow>(
      `INSERT INTO job (id, model, state, due_at, created_at, request, webhook, idempotency_key, fingerprint)
       VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?) RETURNING *`,
      stored.job,
      stored.model,
      now + ringWait(0),
      now,
      stored.request,
      stored.webhook,
      stored.idempotency?.key ?? null,
      stored.idempotency?.fingerprint ?? null,
    )
    .one();
}

/** Whether an attempt is the job's present one. */
export function holdsLease(job: JobRow, attempt: number, lease: string): boolean {
  return job.state === "running" && job.attempt === attempt && job.lease === lease;
}

/** How long to wait after a job's doorbell has rung `rings` times without an answer, in milliseconds. */
export function ringWait(rings: number): number {
  return Math.min(FIRST_RING_MS * 2 ** rings, LONGEST_RING_MS);
}

/** A row as it is answered. */
export function jobRecord(row: RecordRow): JobRecord {
  return {
    id: row.id,
    model: row.model,
    state: row.state,
    attempt: row.attempt,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    answer: row.answer === null ? null : answerSchema.parse(JSON.parse(row.answer)),
    failure: row.failure === null ? null : storedFailure.parse(JSON.parse(row.failure)),
    cache: cacheVerdict.nullable().parse(row.cache),
    charge: row.charge,
  };
}
