import { ok, type Result } from "../../core/result.ts";
import type { AccountError, JobRecord, Reservation, StoredRequest } from "./contract.ts";
import { holdEnded, readHold } from "./holds.ts";
import { insertJob, jobRecord, readJob } from "./jobs.ts";
import { reserve } from "./reserve.ts";

/** Holds the worst case and writes the job's row, once for each job; the hold ends only with the job. */
export function accept(
  sql: SqlStorage,
  reservation: Omit<Reservation, "expiresAt">,
  stored: StoredRequest,
  now: number,
): Result<JobRecord, AccountError> {
  if (reservation.job !== stored.job) throw new Error("A stored request is accepted under its own job.");
  const known = readJob(sql, stored.job);
  if (!known && (readHold(sql, stored.job) || holdEnded(sql, stored.job))) {
    throw new Error("A job's id is never used again.");
  }
  const held = reserve(sql, { ...reservation, expiresAt: null }, ["infer"], now);
  if (!held.ok) return held;
  return ok(jobRecord(known ?? insertJob(sql, stored, now)));
}
