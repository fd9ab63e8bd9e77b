import { endJob } from "./finish.ts";
import type { JobRecord } from "./job-contract.ts";
import { jobRecord, readJob } from "./jobs.ts";

/**
 * Ends a job that nobody runs, or whose attempt is out of reach: its lease is void from now on, and it costs nothing. A
 * job that has ended stays as it is; null when there is none.
 */
export function cancel(sql: SqlStorage, id: string, now: number): JobRecord | null {
  const job = readJob(sql, id);
  if (job && job.finished_at === null) {
    const nothing = { charge: 0, answer: null, failure: null, usage: null, cache: null, timings: null };
    endJob(sql, job, { state: "canceled", ...nothing }, now);
  }
  const ended = readJob(sql, id);
  return ended ? jobRecord(ended) : null;
}
