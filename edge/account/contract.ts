/** What the Account object offers to the rest of the edge. Amounts are whole micro-credits, times Unix milliseconds. */
import type { Result } from "../../core/result.ts";
import type { Kept } from "../erasure/stores.ts";
import type { UsageRange, UsageSum } from "../usage/query.ts";
import type {
  Acceptance,
  Attempt,
  Idempotency,
  JobRecord,
  Outcome,
  QueuedJob,
  StoredRequest,
} from "./job-contract.ts";
import type { JobRange } from "./jobs.ts";
import type {
  BudgetPeriod,
  KeyChanges,
  KeyError,
  KeyOptions,
  KeyRecord,
  NewKey,
  ShownKey,
} from "./keys/contract.ts";
import type { Standing } from "./limits.ts";
import type { Page, PageRange } from "./page.ts";
import type { ReceiptRange, RequestEnd, RequestFacts } from "./receipts.ts";
import type { Scope } from "./scopes.ts";

/** Why the account says no. `retryAfterMs` stands where waiting helps. */
export type AccountError =
  | { readonly code: "invalid_api_key" }
  | { readonly code: "api_key_expired" }
  | { readonly code: "account_suspended" }
  | { readonly code: "insufficient_scope"; readonly scope: Scope }
  | { readonly code: "model_not_allowed"; readonly model: string }
  | { readonly code: "insufficient_credit"; readonly needed: number; readonly balance: number }
  | {
      readonly code: "budget_exceeded";
      readonly period: BudgetPeriod;
      /** The key whose budget it is: the asking one, or one that it descends from. */
      readonly key: string;
      readonly needed: number;
      readonly left: number;
      /** When the budget begins anew; null for a total. */
      readonly retryAfterMs: number | null;
    }
  | {
      readonly code: "rate_limit_exceeded";
      /** The key whose limit it is: the asking one, or one that it descends from. */
      readonly key: string;
      readonly standings: readonly Standing[];
      readonly exceeded: Standing;
    }
  | {
      readonly code: "concurrency_limit_exceeded";
      readonly key: string;
      readonly retryAfterMs: number;
      readonly limit: number;
    }
  | { readonly code: "idempotency_key_reused" };

/** Why the operator's booking is refused. */
export type BookingError =
  | { readonly code: "account_not_found" }
  /** Another booking of the same id says something else. */
  | { readonly code: "entry_conflict" }
  | { readonly code: "credit_not_free"; readonly balance: number }
  | { readonly code: "too_much_credit"; readonly left: number }
  | { readonly code: "charge_not_found" }
  | { readonly code: "refund_too_large"; readonly left: number };

/** Law: granted = balance + held + charged. */
export interface Ledger {
  readonly granted: number;
  readonly balance: number;
  readonly held: number;
  readonly charged: number;
}

/** What the account has confirmed of a request, and where its key stands. */
export interface Admitted {
  readonly keyId: string;
  readonly standings: readonly Standing[];
}

/** A booking of the operator's. */
export interface Booking {
  readonly id: string;
  /** Above 0. */
  readonly amount: number;
}

/** What an account is, beside its money. */
export interface AccountProfile {
  readonly id: string;
  readonly name: string;
  readonly suspendedAt: number | null;
}

/** Where account events go. */
export interface WebhookEndpoint {
  readonly url: string;
  /** Below which credit left (balance and held) `balance.low` is sent, once for each crossing; 0 for never. */
  readonly balanceLow: number;
}

/** A request that spends nothing. */
export interface Call {
  /** How much of the key's calls it takes; 1 unless given. */
  readonly weight?: number;
  /** The model that it asks about. */
  readonly model?: string;
}

export interface Reserved extends Admitted {
  readonly balance: number;
}

export interface Reservation {
  /** SHA-256 of the key, in hex. */
  readonly keyHash: string;
  readonly job: string;
  /** The worst case of the request, or the price of a cached answer. */
  readonly amount: number;
  /** When the hold ends by itself if nobody finishes the job. */
  readonly expiresAt: number;
  /** What is known of the request: its model, tokens and price version among it. */
  readonly facts: RequestFacts;
}

/** What an attached request costs in the end; `charge` is bounded by the hold. */
export interface Settlement {
  readonly job: string;
  /** The fence: a hold is settled by its present attempt only. */
  readonly attempt: number;
  readonly charge: number;
  readonly end: RequestEnd;
}

/** An event of the account, and what has become of it. */
export interface DeliveryRecord {
  readonly id: string;
  readonly url: string;
  readonly type: string;
  /** The id of the job or account that it tells of. */
  readonly about: string;
  readonly state: "pending" | "delivered" | "given_up";
  /** How often it was sent. */
  readonly attempts: number;
  readonly createdAt: number;
  /** When it is sent next; null when it is not. */
  readonly nextAt: number | null;
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
   * Deletes everything that is kept of the account, everywhere. Open holds are given back, late outcomes are refused,
   * and what is written late is swept for 20 minutes. Null when there was no account.
   */
  erase(): Promise<Erasure | null>;
  /** What is kept of the account, kind by kind; empty when there is nothing. */
  inventory(): Promise<Kept[]>;
  /** Gives credit, once for each id. */
  grant(entry: Booking): Promise<Result<Ledger, BookingError>>;
  /** Takes credit back that is neither held nor charged, once for each id. */
  takeBack(entry: Booking): Promise<Result<Ledger, BookingError>>;
  /** Gives back what a job was charged, or a part of it, once for each id. */
  refund(entry: Booking & { job: string }): Promise<Result<Ledger, BookingError>>;
  ledger(): Promise<Ledger>;
  /** A suspended account refuses all its keys; what they have begun goes on. Null when there is no account. */
  suspend(suspended: boolean): Promise<AccountProfile | null>;
  /** Null when there is no account. */
  profile(): Promise<AccountProfile | null>;
  /** The same and the ledger, for a key that may see what was used. */
  standing(keyHash: string): Promise<Result<{ profile: AccountProfile; ledger: Ledger }, AccountError>>;

  /** A key that the operator makes, bounded by no other. */
  createKey(options: KeyOptions): Promise<ShownKey>;
  /**
   * A key that another makes, never with more than its maker has. Options left out are the usual limits, else its
   * maker's.
   */
  deriveKey(keyHash: string, options: NewKey): Promise<Result<ShownKey, KeyError>>;
  /** The asking key itself, whatever it may do. */
  ownKey(keyHash: string): Promise<Result<KeyRecord, AccountError>>;
  /** A range of the keys; null when the one before the range does not exist. */
  listKeys(keyHash: string, range: PageRange): Promise<Result<Page<KeyRecord> | null, AccountError>>;
  readKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>>;
  /** Changes the options that are given. */
  updateKey(keyHash: string, id: string, changes: KeyChanges): Promise<Result<KeyRecord, KeyError>>;
  /** A second text for the same key; the first ends after `overlapMs`. */
  rotateKey(keyHash: string, id: string, overlapMs: number): Promise<Result<ShownKey, KeyError>>;
  /** Takes effect on the key's next request. */
  revokeKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>>;

  /** May this key do that, and has it sent less than it may? For routes that spend nothing. */
  authorise(keyHash: string, scope: Scope, call?: Call): Promise<Result<Admitted, AccountError>>;
  /** Authorises and holds the worst case in one step: the only call on an attached request's way in. */
  reserve(reservation: Reservation): Promise<Result<Reserved, AccountError>>;
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

  /** A stored job that waits for an attempt (queued, or running past its deadline); null for any other. */
  queuedJob(job: string): Promise<QueuedJob | null>;
  /** Starts the next attempt of a stored job; null when it is final or another attempt still has time. */
  startAttempt(job: string): Promise<Attempt | null>;
  /**
   * Gives an attempt up, so that the next may start at once; nothing happens when the attempt is void already. True
   * when it was the last one and the job has failed.
   */
  abandonAttempt(attempt: { job: string; attempt: number; lease: string }): Promise<boolean>;
  /**
   * Charge, final state, result and webhook in one transaction. False when another outcome was first or the attempt is
   * void.
   */
  finish(outcome: Outcome): Promise<boolean>;
  /**
   * Ends a stored job for nothing and voids its attempt; one that has ended stays as it is. Null when there is none.
   */
  cancel(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>>;
  /** A stored job's record once it has ended; for objects of our own, which hold no key. */
  endedJob(id: string): Promise<JobRecord | null>;
  /** A stored job of this account, or null. */
  job(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>>;
  /** A range of the stored jobs; null when the one before the range does not exist. */
  jobs(keyHash: string, range: JobRange): Promise<Result<Page<JobRecord> | null, AccountError>>;

  /** The payload of a receipt, ready to be signed; null when there is none of this id. */
  receipt(keyHash: string, id: string): Promise<Result<string | null, AccountError>>;
  /** Payloads of a range of receipts; null when the one before the range does not exist. */
  receipts(keyHash: string, range: ReceiptRange): Promise<Result<Page<string> | null, AccountError>>;
  /** What was used, with every request that has ended until now. */
  usage(keyHash: string, range: UsageRange): Promise<Result<UsageSum[], AccountError>>;

  webhookEndpoint(keyHash: string): Promise<Result<WebhookEndpoint | null, AccountError>>;
  setWebhookEndpoint(
    keyHash: string,
    endpoint: WebhookEndpoint | null,
  ): Promise<Result<WebhookEndpoint | null, AccountError>>;
  /** A range of the account's events; null when the one before the range does not exist. */
  deliveries(keyHash: string, range: PageRange): Promise<Result<Page<DeliveryRecord> | null, AccountError>>;
  /** Sends an event once more, under its own id; null when there is none. */
  redeliver(keyHash: string, id: string): Promise<Result<DeliveryRecord | null, AccountError>>;
  /** The secret that signs this account's webhooks (`whsec_…`). */
  webhookSecret(): Promise<string>;
}
