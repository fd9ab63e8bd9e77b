import { ok, type Result } from "../../core/result.ts";
import type { AccountError, Reservation } from "./contract.ts";
import { holdEnded, readHold } from "./holds.ts";
import { recall } from "./idempotency.ts";
import type { Acceptance, StoredRequest } from "./job-contract.ts";
import { insertJob, jobRecord, readJob } from "./jobs.ts";
import { authorise } from "./keys/authorise.ts";
import { reserve } from "./reserve.ts";

/**
 * Holds the worst case and writes the job's row, once for each job and each idempotency key; the hold ends only with
 * the job.
 */
export function accept(
  sql: SqlStorage,
  reservation: Omit<Reservation, "expiresAt">,
  stored: StoredRequest,
  now: number,
): Result<Acceptance, AccountError> {
  if (reservation.job !== stored.job) throw new Error("A stored request is accepted under its own job.");
  const key = authorise(sql, reservation.keyHash, ["infer"], now);
  if (!key.ok) return key;
  const recalled = stored.idempotency ? recall(sql, stored.idempotency) : ok(undefined);
  if (!recalled.ok) return recalled;
  const known = recalled.value ?? readJob(sql, stored.job);
  if (known) return ok({ record: jobRecord(known), replayed: true, standings: [] });
  if (readHold(sql, stored.job) || holdEnded(sql, stored.job)) {
    throw new Error("A job's id is never used again.");
  }
  const held = reserve(sql, { ...reservation, expiresAt: null }, ["infer"], now);
  if (!held.ok) return held;
  const { standings } = held.value;
  return ok({ record: jobRecord(insertJob(sql, stored, now)), replayed: false, standings });
}
