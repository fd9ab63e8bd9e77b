/** Everything that happens by the clock, on the object's one alarm. Running it twice does nothing twice. */
import { failExhausted } from "./attempts.ts";
import { expireHolds } from "./holds.ts";
import { type JobRow, ringWait } from "./jobs.ts";
import { claimDue, type DueDelivery, deleteSent } from "./outbox.ts";
import { deleteOldReceipts, oldestReceiptDue } from "./receipts.ts";
import { claimShipment, type ShippedRow, shipmentDue } from "./usage.ts";

/** What the alarm needs of a job's row: neither its request nor its answer, of megabytes each. */
type DueJob = Pick<JobRow, "id" | "state" | "attempt" | "rings" | "webhook">;

/** How much one alarm takes on; what is left over is due at once, so the next follows immediately. */
const BATCH = 100;
/** A Worker has six connections that await headers; a slow receiver must not hold up more than its own round. */
const DELIVERIES = 6;

export interface Round {
  /** Jobs whose doorbell is to ring. */
  readonly bells: readonly string[];
  readonly deliveries: readonly DueDelivery[];
  /** Usage for D1; empty when there is nothing to ship. */
  readonly shipment: readonly ShippedRow[];
  /** Jobs whose images are needed no more. */
  readonly over: readonly string[];
}

/** When the next thing is due, or null. */
export function soonest(sql: SqlStorage): number | null {
  const earliest = sql
    .exec<{ at: number | null }>(
      `SELECT min(at) AS at FROM (
         SELECT min(expires_at) AS at FROM hold WHERE expires_at IS NOT NULL
         UNION ALL SELECT min(due_at) FROM job
         UNION ALL SELECT min(due_at) FROM outbox)`,
    )
    .one().at;
  const times = [earliest, shipmentDue(sql), oldestReceiptDue(sql)].filter((time) => time !== null);
  return times.length > 0 ? Math.min(...times) : null;
}

/** Does what is due now and tells what must be sent out. */
export function sweep(sql: SqlStorage, now: number): Round {
  expireHolds(sql, now, BATCH);
  const { bells, over } = sweepJobs(sql, now);
  deleteSent(sql, now, BATCH);
  const shipment = claimShipment(sql, now);
  deleteOldReceipts(sql, now, BATCH);
  return { bells, deliveries: claimDue(sql, now, DELIVERIES), shipment, over };
}

/** Deletes old finished jobs, fails those without an attempt left, and tells which doorbells are to ring. */
function sweepJobs(sql: SqlStorage, now: number): { bells: string[]; over: string[] } {
  const due = sql
    .exec<DueJob>(
      "SELECT id, state, attempt, rings, webhook FROM job WHERE due_at <= ? ORDER BY due_at LIMIT ?",
      now,
      BATCH,
    )
    .toArray();
  const bells: string[] = [];
  const over: string[] = [];
  for (const job of due) {
    if (job.state !== "queued" && job.state !== "running") {
      sql.exec("DELETE FROM job WHERE id = ?", job.id);
      over.push(job.id);
    } else if (failExhausted(sql, job, now)) {
      over.push(job.id);
    } else {
      bells.push(job.id);
      sql.exec(
        "UPDATE job SET rings = rings + 1, due_at = ? WHERE id = ?",
        now + ringWait(job.rings + 1),
        job.id,
      );
    }
  }
  return { bells, over };
}
