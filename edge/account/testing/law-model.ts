/** What the account should do, said as simply as possible: the oracle of the law's property test. */

import type { Ledger } from "../contract.ts";
import type { Attempt, Idempotency, JobState } from "../job-contract.ts";
import type { Budget } from "../keys/contract.ts";
import { periodsOf } from "../periods.ts";
import { DAY } from "./fixture.ts";

export const CONCURRENCY = 3;
const ATTEMPTS = 5;

export interface AttachedModel {
  readonly kind: "attached";
  /** The number of the key that asked. */
  readonly key: number;
  readonly amount: number;
  readonly acceptedAt: number;
  /** What was charged, once it has ended. */
  charge: number;
  readonly expiresAt: number;
  /** Which attempt may settle it. */
  attempt: number;
  end: "charged" | "expired" | null;
}

export interface StoredModel {
  readonly kind: "stored";
  readonly key: number;
  readonly amount: number;
  readonly acceptedAt: number;
  charge: number;
  readonly webhook: boolean;
  /** Null when it came without one, or has given it back. */
  idempotency: Idempotency | null;
  readonly attempts: Attempt[];
  state: JobState | "deleted";
  finishedAt: number;
}

export class Model {
  granted: number;
  charged = 0;
  /** How often the key was changed; its predecessors are revoked. */
  key = 0;
  /** The present key's budgets. */
  budget: Budget = { total: null, day: null, month: null };
  suspended = false;
  /** The operator's bookings by kind and id. */
  readonly bookings = new Map<string, { amount: number; job?: string }>();
  readonly jobs = new Map<string, AttachedModel | StoredModel>();

  constructor(granted: number) {
    this.granted = granted;
  }

  ledger(): Ledger {
    const { granted, charged } = this;
    const held = [...this.jobs.values()].filter(isHeld).reduce((sum, { amount }) => sum + amount, 0);
    return { granted, balance: granted - held - charged, held, charged };
  }

  /** What a new hold is refused for. */
  refusal(amount: number, attached: boolean, now: number): string | null {
    if (this.suspended) return "account_suspended";
    const open = [...this.jobs.values()].filter(
      (job) => job.kind === "attached" && job.key === this.key && isHeld(job),
    ).length;
    if (attached && open >= CONCURRENCY) return "concurrency_limit_exceeded";
    if (amount > this.ledger().balance) return "insufficient_credit";
    const { total, day, month } = this.budget;
    const today = periodsOf(now);
    const over = (limit: number | null, counts: (at: number) => boolean) =>
      limit !== null && amount > Math.max(0, limit - this.used(counts));
    const overdrawn =
      over(total, () => true) ||
      over(month, (at) => periodsOf(at).month === today.month) ||
      over(day, (at) => periodsOf(at).day === today.day);
    return overdrawn ? "budget_exceeded" : null;
  }

  /** What the present key has spent and holds by requests that it sent at such times. */
  used(counts: (acceptedAt: number) => boolean): number {
    return [...this.jobs.values()]
      .filter((job) => job.key === this.key && counts(job.acceptedAt))
      .reduce((sum, job) => sum + (isHeld(job) ? job.amount : job.charge), 0);
  }

  /** What a booking is refused for; one that is on the books already is taken again. */
  bookingRefusal(kind: "grant" | "take_back" | "refund", id: string, amount: number, job?: string) {
    const known = this.bookings.get(`${kind} ${id}`);
    if (known) return known.amount === amount && known.job === job ? null : "entry_conflict";
    if (kind === "take_back" && amount > this.ledger().balance) return "credit_not_free";
    if (kind === "refund" && job !== undefined) {
      const charged = this.jobs.get(job);
      if (!charged || isHeld(charged) || (charged.kind === "attached" && charged.end === "expired")) {
        return "charge_not_found";
      }
      const before = [...this.bookings.values()].filter((each) => each.job === job);
      const left = charged.charge - before.reduce((sum, each) => sum + each.amount, 0);
      if (amount > left) return "refund_too_large";
    }
    return null;
  }

  book(kind: "grant" | "take_back" | "refund", id: string, amount: number, job?: string): void {
    if (this.bookings.has(`${kind} ${id}`)) return;
    this.bookings.set(`${kind} ${id}`, { amount, ...(job !== undefined && { job }) });
    if (kind === "grant") this.granted += amount;
    if (kind === "take_back") this.granted -= amount;
    if (kind === "refund") this.charged -= amount;
  }

  /** The attached request, unless it is stored or unknown. */
  attached(id: string): AttachedModel | undefined {
    const job = this.jobs.get(id);
    return job?.kind === "attached" ? job : undefined;
  }

  /** The stored job, unless it is attached or unknown. */
  stored(id: string): StoredModel | undefined {
    const job = this.jobs.get(id);
    return job?.kind === "stored" ? job : undefined;
  }

  /** The job that an idempotency key stands for, by its id. */
  recall(key: string): readonly [string, StoredModel] | undefined {
    for (const [id, job] of this.jobs) {
      if (job.kind === "stored" && job.idempotency?.key === key) return [id, job];
    }
    return undefined;
  }

  /** Whether the next attempt could start. */
  isWaiting(job: StoredModel, now: number): boolean {
    return job.state === "queued" || (job.state === "running" && (job.attempts.at(-1)?.deadline ?? 0) <= now);
  }

  /** Ends a job that has used up its attempts. */
  exhaust(job: StoredModel, now: number): boolean {
    if (job.attempts.length < ATTEMPTS) return false;
    this.end(job, "failed", 0, now);
    return true;
  }

  end(job: StoredModel, state: JobState, charge: number, now: number): void {
    job.state = state;
    if (state === "failed") job.idempotency = null;
    job.finishedAt = now;
    job.charge = Math.min(charge, job.amount);
    this.charged += job.charge;
  }

  /** What the alarm does now. */
  sweep(now: number): void {
    for (const job of this.jobs.values()) {
      if (job.kind === "attached") {
        if (job.end === null && job.expiresAt <= now) job.end = "expired";
      } else if (job.state === "queued" || job.state === "running") {
        if (this.isWaiting(job, now)) this.exhaust(job, now);
      } else if (job.finishedAt + DAY <= now) {
        job.state = "deleted";
        job.idempotency = null;
      }
    }
  }
}

function isHeld(job: AttachedModel | StoredModel): boolean {
  return job.kind === "attached" ? job.end === null : job.state === "queued" || job.state === "running";
}
