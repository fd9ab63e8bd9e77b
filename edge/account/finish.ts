/** How stored jobs end: charge, final state, outcome and webhook in one transaction, and only once. */

import { readHold, settleHold } from "./holds.ts";
import type { Outcome } from "./job-contract.ts";
import { holdsLease, type JobRow, readJob } from "./jobs.ts";
import { enqueueEvent } from "./outbox.ts";
import { JOB_RETENTION_MS } from "./retention.ts";

type End = Pick<Outcome, "state" | "charge" | "answer" | "failure" | "usage" | "cache" | "timings">;

/** False when another outcome was first or the attempt is void. */
export function finish(sql: SqlStorage, outcome: Outcome, now: number): boolean {
  const job = readJob(sql, outcome.job);
  if (!job || !holdsLease(job, outcome.attempt, outcome.lease)) return false;
  endJob(sql, job, outcome, now);
  return true;
}

/**
 * Ends a job that is not final: settles its hold and puts its webhook into the outbox. One that failed gives its
 * idempotency key back: it cost nothing, and asking again must be a real try.
 */
export function endJob(
  sql: SqlStorage,
  job: Pick<JobRow, "id" | "webhook">,
  { state, charge, answer, failure, usage, cache, timings }: End,
  now: number,
): void {
  const hold = readHold(sql, job.id);
  if (!hold) throw new Error("A job that is not final has its hold.");
  const end = { status: state, text: answer?.text ?? null, usage, cache, timings };
  sql.exec(
    `UPDATE job SET state = ?, lease = NULL, deadline = NULL, finished_at = ?, due_at = ?, answer = ?, failure = ?,
       cache = ?, charge = ?, idempotency_key = iif(? = 'failed', NULL, idempotency_key) WHERE id = ?`,
    state,
    now,
    now + JOB_RETENTION_MS,
    answer && JSON.stringify(answer),
    failure && JSON.stringify(failure),
    cache,
    settleHold(sql, hold, { charge, end }, now),
    state,
    job.id,
  );
  if (job.webhook !== null) enqueueEvent(sql, { job: job.id, state, url: job.webhook }, now);
}
