/** Attempts at a stored job. A new attempt's number and lease make every earlier outcome void. */
import { randomBase62 } from "../auth/base62.ts";
import { endJob } from "./finish.ts";
import type { Attempt, QueuedJob } from "./job-contract.ts";
import { holdsLease, type JobRow, readJob } from "./jobs.ts";

/** How long one attempt may take, in milliseconds. */
const ATTEMPT_MS = 120_000;
const MAX_ATTEMPTS = 5;
/** How long after an attempt was given up the doorbell rings, in milliseconds; twice as long after each further one. */
const FIRST_RETRY_MS = 2_000;

/** The job if an attempt could start now. */
export function queuedJob(sql: SqlStorage, id: string, now: number): QueuedJob | null {
  const job = readJob(sql, id);
  return job && isWaiting(job, now) ? { model: job.model, request: job.request } : null;
}

/** Starts the next attempt; null when the job is final, or another attempt has time, or all attempts are used up. */
export function startAttempt(sql: SqlStorage, id: string, now: number): Attempt | null {
  const job = readJob(sql, id);
  if (!job || !isWaiting(job, now) || failExhausted(sql, job, now)) return null;
  const attempt = job.attempt + 1;
  const lease = randomBase62(22);
  const deadline = now + ATTEMPT_MS;
  sql.exec(
    `UPDATE job SET state = 'running', attempt = ?, lease = ?, deadline = ?, due_at = ?, rings = 0,
       started_at = coalesce(started_at, ?) WHERE id = ?`,
    attempt,
    lease,
    deadline,
    deadline,
    now,
    id,
  );
  return { attempt, lease, request: job.request, deadline };
}

/** Queues the job again, if this is still its attempt; true when it was the last, and the job has failed with it. */
export function abandonAttempt(
  sql: SqlStorage,
  { job: id, attempt, lease }: { job: string; attempt: number; lease: string },
  now: number,
): boolean {
  const job = readJob(sql, id);
  if (!job || !holdsLease(job, attempt, lease)) return false;
  if (failExhausted(sql, job, now)) return true;
  sql.exec(
    "UPDATE job SET state = 'queued', lease = NULL, deadline = NULL, due_at = ?, rings = 0 WHERE id = ?",
    now + FIRST_RETRY_MS * 2 ** (attempt - 1),
    id,
  );
  return false;
}

/** Fails a job that has no attempt left; false when it has one. */
export function failExhausted(
  sql: SqlStorage,
  job: Pick<JobRow, "id" | "attempt" | "webhook">,
  now: number,
): boolean {
  if (job.attempt < MAX_ATTEMPTS) return false;
  const failure = {
    code: "attempts_exhausted",
    message: `The job was tried ${MAX_ATTEMPTS} times without an outcome.`,
  };
  const nothing = { charge: 0, answer: null, usage: null, cache: null, timings: null } as const;
  endJob(sql, job, { state: "failed", failure, ...nothing }, now);
  return true;
}

function isWaiting(job: JobRow, now: number): boolean {
  return job.state === "queued" || (job.state === "running" && (job.deadline ?? 0) <= now);
}
