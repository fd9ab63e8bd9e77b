import { DurableObject } from "cloudflare:workers";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Env } from "../env.ts";
import type { Kept } from "../erasure/stores.ts";
import type { UsageRange } from "../usage/query.ts";
import { accept } from "./accept.ts";
import { sweep } from "./alarm.ts";
import { abandonAttempt, queuedJob, startAttempt } from "./attempts.ts";
import { admitCall, CallLimiter } from "./calls.ts";
import { cancel } from "./cancel.ts";
import type {
  AccountApi,
  AccountError,
  AccountProfile,
  Admitted,
  Booking,
  BookingError,
  Call,
  DeliveryRecord,
  Erasure,
  Ledger,
  Reservation,
  Reserved,
  Settlement,
  WebhookEndpoint,
} from "./contract.ts";
import { listDeliveries, REDELIVERY_WEIGHT, redeliver } from "./deliveries.ts";
import { eraseAccount, listEverything, readTombstone, sweepErased } from "./erase.ts";
import { ringDoorbells, runErrands } from "./errands.ts";
import { finish } from "./finish.ts";
import { recall } from "./idempotency.ts";
import type {
  Acceptance,
  Attempt,
  Idempotency,
  JobRecord,
  Outcome,
  QueuedJob,
  StoredRequest,
} from "./job-contract.ts";
import { type JobRange, jobRecord, listJobs, readJob } from "./jobs.ts";
import { authorise } from "./keys/authorise.ts";
import type { KeyChanges, KeyError, KeyOptions, KeyRecord, NewKey, ShownKey } from "./keys/contract.ts";
import { findKey, listKeys } from "./keys/list.ts";
import { deriveKey, insertKey } from "./keys/make.ts";
import { revokeKey } from "./keys/revoke.ts";
import { rotateKey } from "./keys/rotate.ts";
import { newSecret, type Secret } from "./keys/secret.ts";
import { updateKey } from "./keys/update.ts";
import { grant, readLedger, refund, takeBack } from "./ledger.ts";
import { readEndpoint, writeEndpoint } from "./low-balance.ts";
import type { PageRange } from "./page.ts";
import { openAccount, readProfile, shownProfile, suspendAccount } from "./profile.ts";
import { listReceipts, type ReceiptRange, readReceipt } from "./receipts.ts";
import { reserve } from "./reserve.ts";
import { SCOPES, type Scope } from "./scopes.ts";
import { settle, supersede } from "./settle.ts";
import { Tables } from "./tables.ts";
import { readUsage } from "./usage.ts";

const NO_ACCOUNT = fail({ code: "invalid_api_key" } as const);
const NOT_FOUND = fail({ code: "account_not_found" } as const);

/**
 * One customer's account: the only truth about its money, keys and jobs, addressed by its id. Every call is one
 * transaction over the functions beside this file; this class brings clock, randomness, queue and network.
 *
 * An account that was never opened refuses every key and stores nothing, so that ids cost nothing to guess.
 */
export class Account extends DurableObject<Env> implements AccountApi {
  readonly #tables: Tables;
  readonly #calls = new CallLimiter();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#tables = new Tables(ctx.storage);
  }

  async open(options: { name: string; grant: { id: string; amount: number } }): Promise<void> {
    if (readTombstone(this.ctx.storage.sql)) throw new Error("A deleted account's id is never used again.");
    const id = this.#id();
    this.#tables.open((sql, now) => {
      openAccount(sql, { id, name: options.name });
      grant(sql, options.grant, now);
    });
  }

  async erase(): Promise<Erasure | null> {
    return eraseAccount(this.env, this.ctx.storage, this.#tables, this.#id());
  }

  async inventory(): Promise<Kept[]> {
    return listEverything(this.env, this.ctx.storage.sql, this.#id());
  }

  async grant(entry: Booking): Promise<Result<Ledger, BookingError>> {
    return this.#tables.step((sql, now) => grant(sql, entry, now)) ?? NOT_FOUND;
  }

  async takeBack(entry: Booking): Promise<Result<Ledger, BookingError>> {
    return this.#tables.step((sql, now) => takeBack(sql, entry, now)) ?? NOT_FOUND;
  }

  async refund(entry: Booking & { job: string }): Promise<Result<Ledger, BookingError>> {
    return this.#tables.step((sql, now) => refund(sql, entry, now)) ?? NOT_FOUND;
  }

  async ledger(): Promise<Ledger> {
    return this.#tables.step(readLedger) ?? { granted: 0, balance: 0, held: 0, charged: 0 };
  }

  async suspend(suspended: boolean): Promise<AccountProfile | null> {
    return this.#tables.step((sql, now) => suspendAccount(sql, suspended, now));
  }

  async profile(): Promise<AccountProfile | null> {
    return this.#tables.step(shownProfile);
  }

  async standing(keyHash: string) {
    return this.#call(keyHash, ["usage:read"], (sql) => ({
      profile: shownProfile(sql),
      ledger: readLedger(sql),
    }));
  }

  async createKey(options: KeyOptions): Promise<ShownKey> {
    const secret = await newSecret(this.#id(), this.env.KEY_SECRET);
    const record = this.#tables.step((sql, now) => insertKey(sql, secret, options, null, now));
    if (!record) throw new Error("The account was never opened.");
    return { key: secret.key, record };
  }

  async deriveKey(keyHash: string, asked: NewKey): Promise<Result<ShownKey, KeyError>> {
    return this.#withSecret((sql, secret, now) => deriveKey(sql, keyHash, secret, asked, now));
  }

  async ownKey(keyHash: string): Promise<Result<KeyRecord, AccountError>> {
    const own = this.#call(keyHash, SCOPES, (sql, now, { keyId }) => findKey(sql, keyId, now));
    if (!own.ok) return own;
    return own.value ? ok(own.value) : NO_ACCOUNT;
  }

  async listKeys(keyHash: string, range: PageRange) {
    return this.#authorised(keyHash, ["keys:write"], (sql, now) => listKeys(sql, range, now));
  }

  async readKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>> {
    const found = this.#authorised(keyHash, ["keys:write"], (sql, now) => findKey(sql, id, now));
    if (!found.ok) return found;
    return found.value ? ok(found.value) : fail({ code: "key_not_found" });
  }

  async updateKey(keyHash: string, id: string, changes: KeyChanges): Promise<Result<KeyRecord, KeyError>> {
    return this.#tables.step((sql, now) => updateKey(sql, keyHash, id, changes, now)) ?? NO_ACCOUNT;
  }

  async rotateKey(keyHash: string, id: string, overlapMs: number): Promise<Result<ShownKey, KeyError>> {
    return this.#withSecret((sql, secret, now) => rotateKey(sql, keyHash, id, { secret, overlapMs }, now));
  }

  async revokeKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>> {
    return this.#tables.step((sql, now) => revokeKey(sql, keyHash, id, now)) ?? NO_ACCOUNT;
  }

  async authorise(keyHash: string, scope: Scope, call: Call = {}): Promise<Result<Admitted, AccountError>> {
    return this.#call(keyHash, [scope], (_, __, admitted) => admitted, call);
  }

  async reserve(reservation: Reservation): Promise<Result<Reserved, AccountError>> {
    return this.#tables.step((sql, now) => reserve(sql, reservation, ["infer"], now)) ?? NO_ACCOUNT;
  }

  async supersede(hold: { job: string; attempt: number }): Promise<boolean> {
    return this.#tables.step((sql) => supersede(sql, hold)) ?? false;
  }

  async settle(settlement: Settlement): Promise<boolean> {
    return this.#tables.step((sql, now) => settle(sql, settlement, now)) ?? false;
  }

  async recall(keyHash: string, idempotency: Idempotency): Promise<Result<JobRecord | null, AccountError>> {
    const found = this.#call(keyHash, ["infer"], (sql) => recall(sql, idempotency));
    const job = found.ok ? found.value : found;
    return job.ok ? ok(job.value ? jobRecord(job.value) : null) : job;
  }

  async accept(
    reservation: Omit<Reservation, "expiresAt">,
    stored: StoredRequest,
  ): Promise<Result<Acceptance, AccountError>> {
    const accepted = this.#tables.step((sql, now) => accept(sql, reservation, stored, now)) ?? NO_ACCOUNT;
    if (accepted.ok && !accepted.value.replayed) {
      this.ctx.waitUntil(ringDoorbells(this.env, this.#id(), [stored.job]));
    }
    return accepted;
  }

  async queuedJob(job: string): Promise<QueuedJob | null> {
    return this.#tables.step((sql, now) => queuedJob(sql, job, now));
  }

  async startAttempt(job: string): Promise<Attempt | null> {
    return this.#tables.step((sql, now) => startAttempt(sql, job, now));
  }

  async abandonAttempt(attempt: { job: string; attempt: number; lease: string }): Promise<boolean> {
    return this.#tables.step((sql, now) => abandonAttempt(sql, attempt, now)) ?? false;
  }

  async finish(outcome: Outcome): Promise<boolean> {
    return this.#tables.step((sql, now) => finish(sql, outcome, now)) ?? false;
  }

  async cancel(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>> {
    return this.#authorised(keyHash, ["jobs", "infer"], (sql, now) => cancel(sql, id, now));
  }

  async endedJob(id: string): Promise<JobRecord | null> {
    const job = this.#tables.step((sql) => readJob(sql, id));
    return job && job.finished_at !== null ? jobRecord(job) : null;
  }

  async job(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>> {
    const found = this.#call(keyHash, ["jobs", "infer"], (sql) => readJob(sql, id));
    return found.ok ? ok(found.value ? jobRecord(found.value) : null) : found;
  }

  async jobs(keyHash: string, range: JobRange) {
    return this.#call(keyHash, ["jobs"], (sql) => listJobs(sql, range));
  }

  async receipt(keyHash: string, id: string): Promise<Result<string | null, AccountError>> {
    return this.#call(keyHash, ["usage:read"], (sql) => readReceipt(sql, id));
  }

  async receipts(keyHash: string, range: ReceiptRange) {
    return this.#call(keyHash, ["usage:read"], (sql) => listReceipts(sql, range));
  }

  async usage(keyHash: string, range: UsageRange) {
    return this.#call(keyHash, ["usage:read"], (sql) => readUsage(sql, range));
  }

  async webhookEndpoint(keyHash: string): Promise<Result<WebhookEndpoint | null, AccountError>> {
    return this.#authorised(keyHash, ["webhooks:write"], readEndpoint);
  }

  async setWebhookEndpoint(
    keyHash: string,
    endpoint: WebhookEndpoint | null,
  ): Promise<Result<WebhookEndpoint | null, AccountError>> {
    return this.#authorised(keyHash, ["webhooks:write"], (sql, now) => {
      writeEndpoint(sql, endpoint, now);
      return endpoint;
    });
  }

  async deliveries(keyHash: string, range: PageRange) {
    return this.#call(keyHash, ["webhooks:write"], (sql) => listDeliveries(sql, range));
  }

  async redeliver(keyHash: string, id: string): Promise<Result<DeliveryRecord | null, AccountError>> {
    const call = { weight: REDELIVERY_WEIGHT };
    return this.#call(keyHash, ["webhooks:write"], (sql, now) => redeliver(sql, id, now), call);
  }

  async webhookSecret(): Promise<string> {
    const profile = this.#tables.step(readProfile);
    if (!profile) throw new Error("The account was never opened.");
    return profile.webhookSecret;
  }

  /** May run late, early or twice: only what is due by the clock is done. */
  override async alarm(): Promise<void> {
    this.#tables.alarmRang();
    const round = this.#tables.step(sweep);
    if (round) await runErrands(this.env, this.#tables, round);
    else await sweepErased(this.env, this.ctx.storage);
  }

  /** A step for a key that may do any of `scopes`; it is no call of its own. */
  #authorised<Value>(
    keyHash: string,
    scopes: readonly [Scope, ...Scope[]],
    step: (sql: SqlStorage, now: number) => Value,
  ): Result<Value, AccountError> {
    const done = this.#tables.step((sql, now) => {
      const key = authorise(sql, keyHash, scopes, now);
      return key.ok ? ok(step(sql, now)) : key;
    });
    return done ?? NO_ACCOUNT;
  }

  /** A step for a key that may do any of `scopes`, counted against its calls. */
  #call<Value>(
    keyHash: string,
    scopes: readonly [Scope, ...Scope[]],
    step: (sql: SqlStorage, now: number, admitted: Admitted) => Value,
    call: Call = {},
  ): Result<Value, AccountError> {
    const done = this.#tables.step((sql, now) => {
      const admitted = admitCall(sql, this.#calls, keyHash, scopes, call, now);
      return admitted.ok ? ok(step(sql, now, admitted.value)) : admitted;
    });
    return done ?? NO_ACCOUNT;
  }

  /** A step that gives a key a new text, which is shown when the step succeeds. */
  async #withSecret(
    step: (sql: SqlStorage, secret: Secret, now: number) => Result<KeyRecord, KeyError>,
  ): Promise<Result<ShownKey, KeyError>> {
    const secret = await newSecret(this.#id(), this.env.KEY_SECRET);
    const made = this.#tables.step((sql, now) => step(sql, secret, now)) ?? NO_ACCOUNT;
    return made.ok ? ok({ key: secret.key, record: made.value }) : made;
  }

  /** An alarm may wake the object without its name (cloudflare/workerd#6850). */
  #id(): string {
    const id =
      this.ctx.id.name ?? this.#tables.step(readProfile)?.id ?? readTombstone(this.ctx.storage.sql)?.account;
    if (id === undefined) throw new Error("An account is addressed by its id.");
    return id;
  }
}
