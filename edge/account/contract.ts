/** What the Account object offers to the rest of the edge. Amounts are whole micro-credits, times Unix milliseconds. */
import type { FinishReason } from "../../core/events.ts";
import type { CacheVerdict } from "../../core/receipt.ts";
import type { Result } from "../../core/result.ts";
import type { Usage } from "../../core/usage.ts";
import type { Kept } from "../erasure/stores.ts";
import type { Timings } from "../generate/generate.ts";
import type { UsageRow } from "../usage/usage.ts";
import type { ReceiptRange, RequestEnd, RequestFacts } from "./receipts.ts";
import type { Scope } from "./scopes.ts";

/** Why the account says no. `retryAfterMs` stands where waiting helps. */
export type AccountError =
  | { readonly code: "invalid_api_key" }
  | { readonly code: "api_key_expired" }
  | { readonly code: "insufficient_scope"; readonly scope: Scope }
  | { readonly code: "insufficient_credit"; readonly needed: number; readonly balance: number }
  | { readonly code: "rate_limit_exceeded"; readonly retryAfterMs: number; readonly limit: number }
  | { readonly code: "concurrency_limit_exceeded"; readonly retryAfterMs: number; readonly limit: number }
  | { readonly code: "idempotency_key_reused" };

/** Law: granted = balance + held + charged. */
export interface Ledger {
  readonly granted: number;
  readonly balance: number;
  readonly held: number;
  readonly charged: number;
}

export interface KeyLimits {
  readonly requestsPerMinute: number;
  readonly concurrency: number;
}

export interface KeyOptions {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
  readonly limits: KeyLimits;
}

/** A key as it is listed; the key itself is shown once, when it is made. */
export interface KeyRecord extends KeyOptions {
  readonly id: string;
  /** The first characters, by which a person recognises it. */
  readonly start: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

export interface Reservation {
  /** SHA-256 of the key, in hex. */
  readonly keyHash: string;
  readonly job: string;
  /** The worst case of the request; 0 for a cached answer. */
  readonly amount: number;
  /** When the hold ends by itself if nobody finishes the job. */
  readonly expiresAt: number;
  /** What the receipt will say of the request. */
  readonly facts: RequestFacts;
}

export type JobState = "queued" | "running" | "succeeded" | "failed" | "canceled";

/** A generation's outcome, as it is stored and answered. */
export interface Answer {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
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
}

/** One try at a stored job. A later attempt makes an earlier one's outcome void. */
export interface Attempt {
  readonly attempt: number;
  readonly lease: string;
  readonly request: string;
  /** Unix milliseconds after which the account starts another attempt. */
  readonly deadline: number;
}

/** What an attached request costs in the end; `charge` is bounded by the hold. */
export interface Settlement {
  readonly job: string;
  /** The fence: a hold is settled by its present attempt only. */
  readonly attempt: number;
  readonly charge: number;
  readonly end: RequestEnd;
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

/** What a deletion leaves. */
export interface Erasure {
  /** The account's last ledger; null when it was deleted before. */
  readonly ledger: Ledger | null;
  /** What is still to be deleted. */
  readonly kept: readonly Kept[];
}

export interface AccountApi {
  /** Creates the account with its first credit; called again with the same `grant` id, it changes nothing. */
  open(options: { name: string; grant: { id: string; amount: number } }): Promise<void>;
  /**
   * Deletes everything that is kept of the account, everywhere. Open holds are given back, late outcomes are refused, and
   * what is written late is swept for 20 minutes. Null when there was no account.
   */
  erase(): Promise<Erasure | null>;
  /** What is kept of the account, kind by kind; empty when there is nothing. */
  inventory(): Promise<Kept[]>;
  /** Gives credit once for each id; a negative amount takes back at most what is neither held nor charged. */
  grant(entry: { id: string; amount: number }): Promise<Ledger>;
  ledger(): Promise<Ledger>;

  createKey(options: KeyOptions): Promise<{ key: string; record: KeyRecord }>;
  listKeys(): Promise<KeyRecord[]>;
  /** Takes effect on the key's next request. False when there is no such key. */
  revokeKey(id: string): Promise<boolean>;

  /** May this key do that? For routes that spend nothing. */
  authorise(keyHash: string, scope: Scope): Promise<Result<{ keyId: string }, AccountError>>;
  /** Authorises and holds the worst case in one step: the only call on an attached request's way in. */
  reserve(reservation: Reservation): Promise<Result<{ balance: number }, AccountError>>;
  /**
   * Makes `attempt` the one that may settle an attached request, before another worker gets it. False when the hold has
   * ended: then nothing may run any more.
   */
  supersede(hold: { job: string; attempt: number }): Promise<boolean>;
  /** Turns an attached request's hold into its charge. False when it has ended, or a later attempt has taken over. */
  settle(settlement: Settlement): Promise<boolean>;
  /** The job that an idempotency key stands for, if any. Authorises like `reserve`. */
  recall(keyHash: string, idempotency: Idempotency): Promise<Result<JobRecord | null, AccountError>>;
  /** `recall`, and if there is no such job `reserve`: hold and job row in one transaction, then the doorbell. */
  accept(
    reservation: Omit<Reservation, "expiresAt">,
    stored: StoredRequest,
  ): Promise<Result<Acceptance, AccountError>>;

  /** The model of a stored job that waits for an attempt (queued, or running past its deadline); null for any other. */
  queuedModel(job: string): Promise<string | null>;
  /** Starts the next attempt of a stored job; null when it is final or another attempt still has time. */
  startAttempt(job: string): Promise<Attempt | null>;
  /**
   * Gives an attempt up, so that the next may start at once; nothing happens when the attempt is void already. True when
   * it was the last one and the job has failed.
   */
  abandonAttempt(attempt: { job: string; attempt: number; lease: string }): Promise<boolean>;
  /** Charge, final state, result and webhook in one transaction. False when another outcome was first or the attempt is void. */
  finish(outcome: Outcome): Promise<boolean>;
  /** Ends a stored job for nothing and voids its attempt; one that has ended stays as it is. Null when there is none. */
  cancel(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>>;
  /** A stored job's record once it has ended; for objects of our own, which hold no key. */
  endedJob(id: string): Promise<JobRecord | null>;
  /** A stored job of this account, or null. */
  job(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>>;

  /** The payload of a receipt, ready to be signed; null when there is none of this id. */
  receipt(keyHash: string, id: string): Promise<Result<string | null, AccountError>>;
  /** Payloads of a range of receipts; null when the one before the range does not exist. */
  receipts(
    keyHash: string,
    range: ReceiptRange,
  ): Promise<Result<{ payloads: string[]; more: boolean } | null, AccountError>>;
  /** What was used in the hours from `from` to before `to`, with every request that has ended until now. */
  usage(keyHash: string, range: { from: number; to: number }): Promise<Result<UsageRow[], AccountError>>;

  /** The secret that signs this account's webhooks (`whsec_…`). */
  webhookSecret(): Promise<string>;
}
