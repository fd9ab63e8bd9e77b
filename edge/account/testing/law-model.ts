/** What the account should do, said as simply as possible: the oracle of the law's property test. */
import type { Attempt, Idempotency, JobState, Ledger } from "../contract.ts";
import { DAY } from "./fixture.ts";

export const CONCURRENCY = 3;
const ATTEMPTS = 5;

export interface AttachedModel {
  readonly kind: "attached";
  /** The number of the key that asked. */
  readonly key: number;
  readonly amount: number;
  readonly expiresAt: number;
  /** Which attempt may settle it. */
  attempt: number;
  end: "charged" | "expired" | null;
}

export interface StoredModel {
  readonly kind: "stored";
  readonly amount: number;
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
  readonly grants = new Set<string>();
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
  refusal(amount: number, attached: boolean): string | null {
    const open = [...this.jobs.values()].filter(
      (job) => job.kind === "attached" && job.key === this.key && isHeld(job),
    ).length;
    if (attached && open >= CONCURRENCY) return "concurrency_limit_exceeded";
    return amount > this.ledger().balance ? "insufficient_credit" : null;
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
    this.charged += Math.min(charge, job.amount);
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
