/**
 * Idempotency keys: each stands for one stored job, as long as the job is kept; a job that fails gives its key back.
 */
import { fail, ok, type Result } from "../../core/result.ts";
import type { AccountError } from "./contract.ts";
import type { Idempotency } from "./job-contract.ts";
import type { JobRow } from "./jobs.ts";

/** The job that a key stands for. Refuses a key that came with another request. */
export function recall(
  sql: SqlStorage,
  { key, fingerprint }: Idempotency,
): Result<JobRow | undefined, AccountError> {
  const job = sql.exec<JobRow>("SELECT * FROM job WHERE idempotency_key = ?", key).toArray()[0];
  if (job && job.fingerprint !== fingerprint) return fail({ code: "idempotency_key_reused" });
  return ok(job);
}
