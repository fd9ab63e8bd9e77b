/** Stored jobs as the account shows and takes them. Amounts are whole micro-credits, times Unix milliseconds. */
import type { FinishReason } from "../../core/events.ts";
import type { TokenLogprob } from "../../core/logprobs.ts";
import type { CacheVerdict } from "../../core/receipt.ts";
import type { Usage } from "../../core/usage.ts";
import type { Timings } from "../generate/generate.ts";
import type { Standing } from "./limits.ts";

export type JobState = "queued" | "running" | "succeeded" | "failed" | "canceled";

/** A generation's outcome, as it is stored and answered. */
export interface Answer {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  /** One for each output token, where the request asked for them. */
  readonly logprobs?: TokenLogprob[] | undefined;
}

export interface JobFailure {
  readonly code: string;
  readonly message: string;
}

export interface JobRecord {
  readonly id: string;
  readonly model: string;
  readonly state: JobState;
  readonly attempt: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly answer: Answer | null;
  readonly failure: JobFailure | null;
  /** What the cache said when the job ran; null until then. */
  readonly cache: CacheVerdict | null;
  /** What the finished job cost; 0 until then. */
  readonly charge: number;
}

/** What a caller's idempotency key stands for: SHA-256 in hex of the key, and of the body that came with it. */
export interface Idempotency {
  readonly key: string;
  readonly fingerprint: string;
}

/** A stored request: everything needed to run it again after any crash. Pixels stay in R2. */
export interface StoredRequest {
  readonly job: string;
  readonly model: string;
  /** The normalised request as JSON; the account does not look inside. */
  readonly request: string;
  readonly webhook: string | null;
  readonly idempotency: Idempotency | null;
}

/** An accepted job, or the one that its idempotency key stands for already. */
export interface Acceptance {
  readonly record: JobRecord;
  /** Whether the job was there before. */
  readonly replayed: boolean;
  /** Where the key stands; empty where the job was there before. */
  readonly standings: readonly Standing[];
}

/** What a stored job that waits asks, and of which model. */
export interface QueuedJob {
  readonly model: string;
  readonly request: string;
}

/** One try at a stored job. A later attempt makes an earlier one's outcome void. */
export interface Attempt {
  readonly attempt: number;
  readonly lease: string;
  readonly request: string;
  /** Unix milliseconds after which the account starts another attempt. */
  readonly deadline: number;
}

/** How an attempt at a stored job ends it; `charge` is bounded by the hold. */
export interface Outcome {
  readonly job: string;
  readonly attempt: number;
  readonly lease: string;
  readonly state: "succeeded" | "failed" | "canceled";
  readonly charge: number;
  readonly answer: Answer | null;
  readonly failure: JobFailure | null;
  /** What is charged for; null when nothing was produced. */
  readonly usage: Usage | null;
  /** Null when the cache was not asked. */
  readonly cache: CacheVerdict | null;
  /** Null when no worker answered. */
  readonly timings: Timings | null;
}
