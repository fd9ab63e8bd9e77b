import { DurableObject } from "cloudflare:workers";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Env } from "../env.ts";
import { deleteKept, deleteObjects, type Kept, listKept } from "../erasure/stores.ts";
import { jobImagePrefix } from "../jobs/stored-question.ts";
import { shipUsage } from "../usage/database.ts";
import { deliver } from "../webhooks/deliver.ts";
import { accept } from "./accept.ts";
import { soonest, sweep } from "./alarm.ts";
import { abandonAttempt, queuedModel, startAttempt } from "./attempts.ts";
import { CallLimiter } from "./calls.ts";
import { cancel } from "./cancel.ts";
import type {
  Acceptance,
  AccountApi,
  AccountError,
  AccountProfile,
  Admitted,
  Attempt,
  Booking,
  BookingError,
  Call,
  DeliveryRecord,
  Erasure,
  Idempotency,
  JobRecord,
  KeyChanges,
  KeyError,
  KeyOptions,
  KeyRecord,
  Ledger,
  NewKey,
  Outcome,
  Reservation,
  Reserved,
  Settlement,
  ShownKey,
  StoredRequest,
  WebhookEndpoint,
} from "./contract.ts";
import { type DeliveryRange, listDeliveries, REDELIVERY_WEIGHT, redeliver } from "./deliveries.ts";
import { eraseAccount, hasRested, listRows, readTombstone, SWEEP_MS } from "./erase.ts";
import { finish } from "./finish.ts";
import { recall } from "./idempotency.ts";
import { type JobRange, jobRecord, listJobs, readJob } from "./jobs.ts";
import {
  type ActiveKey,
  authorise,
  deriveKey,
  findKey,
  insertKey,
  listKeys,
  newSecret,
  noteUse,
  revokeKey,
  rotateKey,
  type Secret,
  updateKey,
} from "./keys.ts";
import { grant, readLedger, refund, takeBack } from "./ledger.ts";
import { readEndpoint, writeEndpoint } from "./low-balance.ts";
import { type DueDelivery, recordDelivery } from "./outbox.ts";
import { openAccount, readProfile, suspendAccount } from "./profile.ts";
import { listReceipts, type ReceiptRange, readReceipt } from "./receipts.ts";
import { reserve } from "./reserve.ts";
import { bringUpToDate, isOpen, isUpToDate } from "./schema.ts";
import { SCOPES, type Scope } from "./scopes.ts";
import { settle, supersede } from "./settle.ts";
import { readUsage, recordFailure, recordShipment, type ShippedRow } from "./usage.ts";

const NO_ACCOUNT = fail({ code: "invalid_api_key" } as const);

/**
 * One customer's account: the only truth about its money, keys and jobs, addressed by its id. Every call is one
 * transaction over the functions beside this file; this class brings clock, randomness, queue and network.
 *
 * An account that was never opened refuses every key and stores nothing, so that ids cost nothing to guess.
 */
export class Account extends DurableObject<Env> implements AccountApi {
  readonly #sql: SqlStorage;
  readonly #calls = new CallLimiter();
  #open: boolean;
  /** The alarm that this instance knows to be set, in Unix milliseconds. */
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#open = isOpen(this.#sql);
    if (this.#open && !isUpToDate(this.#sql)) ctx.storage.transactionSync(() => bringUpToDate(this.#sql));
  }

  async open(options: { name: string; grant: { id: string; amount: number } }): Promise<void> {
    const id = this.ctx.id.name;
    if (id === undefined) throw new Error("An account is addressed by its id.");
    if (readTombstone(this.#sql)) throw new Error("A deleted account's id is never used again.");
    this.#transact((sql, now) => {
      openAccount(sql, { id, name: options.name });
      grant(sql, options.grant, now);
    });
    this.#open = true;
  }

  async erase(): Promise<Erasure | null> {
    const id = this.ctx.id.name;
    if (id === undefined) throw new Error("An account is addressed by its id.");
    let ledger: Ledger | null = null;
    if (this.#open) {
      ledger = this.ctx.storage.transactionSync(() => eraseAccount(this.#sql, id, Date.now()));
      this.#open = false;
    }
    if (readTombstone(this.#sql)) {
      // Set first: whatever cuts this call off, the alarm goes on.
      await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS);
    } else if ((await this.inventory()).length === 0) {
      return null;
    }
    await deleteKept(this.env, id);
    return { ledger, kept: await this.inventory() };
  }

  async inventory(): Promise<Kept[]> {
    const id = this.ctx.id.name;
    if (id === undefined) throw new Error("An account is addressed by its id.");
    return [...listRows(this.#sql), ...(await listKept(this.env, id))];
  }

  async grant(entry: Booking): Promise<Result<Ledger, BookingError>> {
    this.#mustBeOpen();
    return this.#transact((sql, now) => grant(sql, entry, now));
  }

  async takeBack(entry: Booking): Promise<Result<Ledger, BookingError>> {
    this.#mustBeOpen();
    return this.#transact((sql, now) => takeBack(sql, entry, now));
  }

  async refund(entry: Booking & { job: string }): Promise<Result<Ledger, BookingError>> {
    this.#mustBeOpen();
    return this.#transact((sql, now) => refund(sql, entry, now));
  }

  async ledger(): Promise<Ledger> {
    return this.#open ? readLedger(this.#sql) : { granted: 0, balance: 0, held: 0, charged: 0 };
  }

  async suspend(suspended: boolean): Promise<AccountProfile> {
    this.#mustBeOpen();
    return this.#transact((sql, now) => suspendAccount(sql, suspended, now));
  }

  async profile(): Promise<AccountProfile> {
    this.#mustBeOpen();
    const { id, name, suspendedAt } = readProfile(this.#sql);
    return { id, name, suspendedAt };
  }

  async standing(keyHash: string) {
    return this.#read(keyHash, ["usage:read"], () => {
      const { id, name, suspendedAt } = readProfile(this.#sql);
      return { profile: { id, name, suspendedAt }, ledger: readLedger(this.#sql) };
    });
  }

  async createKey(options: KeyOptions): Promise<ShownKey> {
    this.#mustBeOpen();
    const secret = await this.#newSecret();
    this.#mustBeOpen();
    const record = this.#transact((sql, now) => insertKey(sql, secret, options, null, now));
    return { key: secret.key, record };
  }

  async deriveKey(keyHash: string, asked: NewKey): Promise<Result<ShownKey, KeyError>> {
    if (!this.#open) return NO_ACCOUNT;
    const secret = await this.#newSecret();
    if (!this.#open) return NO_ACCOUNT;
    const made = this.#transact((sql, now) => deriveKey(sql, keyHash, secret, asked, now));
    return made.ok ? ok({ key: secret.key, record: made.value }) : made;
  }

  async ownKey(keyHash: string): Promise<Result<KeyRecord, AccountError>> {
    const admitted = this.#admitCall(keyHash, SCOPES, {});
    if (!admitted.ok) return admitted;
    const record = findKey(this.#sql, admitted.value.keyId, Date.now());
    return record ? ok(record) : NO_ACCOUNT;
  }

  async listKeys(keyHash: string): Promise<Result<KeyRecord[], AccountError>> {
    const asker = this.#authorise(keyHash, ["keys:write"]);
    return asker.ok ? ok(listKeys(this.#sql, Date.now())) : asker;
  }

  async readKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>> {
    const asker = this.#authorise(keyHash, ["keys:write"]);
    if (!asker.ok) return asker;
    const record = findKey(this.#sql, id, Date.now());
    return record ? ok(record) : fail({ code: "key_not_found" });
  }

  async updateKey(keyHash: string, id: string, changes: KeyChanges): Promise<Result<KeyRecord, KeyError>> {
    if (!this.#open) return NO_ACCOUNT;
    return this.#transact((sql, now) => updateKey(sql, keyHash, id, changes, now));
  }

  async rotateKey(keyHash: string, id: string, overlapMs: number): Promise<Result<ShownKey, KeyError>> {
    if (!this.#open) return NO_ACCOUNT;
    const secret = await this.#newSecret();
    if (!this.#open) return NO_ACCOUNT;
    const rotated = this.#transact((sql, now) => rotateKey(sql, keyHash, id, { secret, overlapMs }, now));
    return rotated.ok ? ok({ key: secret.key, record: rotated.value }) : rotated;
  }

  async revokeKey(keyHash: string, id: string): Promise<Result<KeyRecord, KeyError>> {
    if (!this.#open) return NO_ACCOUNT;
    return this.#transact((sql, now) => revokeKey(sql, keyHash, id, now));
  }

  async authorise(keyHash: string, scope: Scope, call: Call = {}): Promise<Result<Admitted, AccountError>> {
    return this.#admitCall(keyHash, [scope], call);
  }

  async reserve(reservation: Reservation): Promise<Result<Reserved, AccountError>> {
    if (!this.#open) return NO_ACCOUNT;
    return this.#transact((sql, now) => reserve(sql, reservation, ["infer"], now));
  }

  async supersede(hold: { job: string; attempt: number }): Promise<boolean> {
    return this.#open && this.#transact((sql) => supersede(sql, hold));
  }

  async settle(settlement: Settlement): Promise<boolean> {
    return this.#open && this.#transact((sql, now) => settle(sql, settlement, now));
  }

  async recall(keyHash: string, idempotency: Idempotency): Promise<Result<JobRecord | null, AccountError>> {
    const admitted = this.#admitCall(keyHash, ["infer"], {});
    if (!admitted.ok) return admitted;
    const job = recall(this.#sql, idempotency);
    return job.ok ? ok(job.value ? jobRecord(job.value) : null) : job;
  }

  async accept(
    reservation: Omit<Reservation, "expiresAt">,
    stored: StoredRequest,
  ): Promise<Result<Acceptance, AccountError>> {
    if (!this.#open) return NO_ACCOUNT;
    const accepted = this.#transact((sql, now) => accept(sql, reservation, stored, now));
    if (accepted.ok && !accepted.value.replayed) this.ctx.waitUntil(this.#ring([stored.job]));
    return accepted;
  }

  async queuedModel(job: string): Promise<string | null> {
    return this.#open ? queuedModel(this.#sql, job, Date.now()) : null;
  }

  async startAttempt(job: string): Promise<Attempt | null> {
    return this.#open ? this.#transact((sql, now) => startAttempt(sql, job, now)) : null;
  }

  async abandonAttempt(attempt: { job: string; attempt: number; lease: string }): Promise<boolean> {
    return this.#open && this.#transact((sql, now) => abandonAttempt(sql, attempt, now));
  }

  async finish(outcome: Outcome): Promise<boolean> {
    return this.#open && this.#transact((sql, now) => finish(sql, outcome, now));
  }

  async cancel(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>> {
    if (!this.#open) return NO_ACCOUNT;
    const key = authorise(this.#sql, keyHash, ["jobs", "infer"], Date.now());
    return key.ok ? ok(this.#transact((sql, now) => cancel(sql, id, now))) : key;
  }

  async endedJob(id: string): Promise<JobRecord | null> {
    const job = this.#open ? readJob(this.#sql, id) : undefined;
    return job && job.finished_at !== null ? jobRecord(job) : null;
  }

  async job(keyHash: string, id: string): Promise<Result<JobRecord | null, AccountError>> {
    return this.#read(keyHash, ["jobs", "infer"], () => {
      const job = readJob(this.#sql, id);
      return job ? jobRecord(job) : null;
    });
  }

  async jobs(keyHash: string, range: JobRange) {
    return this.#read(keyHash, ["jobs"], () => listJobs(this.#sql, range));
  }

  async receipt(keyHash: string, id: string): Promise<Result<string | null, AccountError>> {
    return this.#read(keyHash, ["usage:read"], () => readReceipt(this.#sql, id));
  }

  async receipts(keyHash: string, range: ReceiptRange) {
    return this.#read(keyHash, ["usage:read"], () => listReceipts(this.#sql, range));
  }

  async usage(keyHash: string, range: { from: number; to: number }) {
    return this.#read(keyHash, ["usage:read"], () => this.#transact((sql) => readUsage(sql, range)));
  }

  async webhookEndpoint(keyHash: string): Promise<Result<WebhookEndpoint | null, AccountError>> {
    const asker = this.#authorise(keyHash, ["webhooks:write"]);
    return asker.ok ? ok(readEndpoint(this.#sql)) : asker;
  }

  async setWebhookEndpoint(
    keyHash: string,
    endpoint: WebhookEndpoint | null,
  ): Promise<Result<WebhookEndpoint | null, AccountError>> {
    if (!this.#open) return NO_ACCOUNT;
    return this.#transact((sql, now) => {
      const asker = authorise(sql, keyHash, ["webhooks:write"], now);
      if (!asker.ok) return asker;
      writeEndpoint(sql, endpoint, now);
      return ok(endpoint);
    });
  }

  async deliveries(keyHash: string, range: DeliveryRange) {
    return this.#read(keyHash, ["webhooks:write"], () => listDeliveries(this.#sql, range));
  }

  async redeliver(keyHash: string, id: string): Promise<Result<DeliveryRecord | null, AccountError>> {
    const admitted = this.#admitCall(keyHash, ["webhooks:write"], { weight: REDELIVERY_WEIGHT });
    return admitted.ok ? ok(this.#transact((sql, now) => redeliver(sql, id, now))) : admitted;
  }

  async webhookSecret(): Promise<string> {
    this.#mustBeOpen();
    return readProfile(this.#sql).webhookSecret;
  }

  /** May run late, early or twice: only what is due by the clock is done. */
  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    if (!this.#open) return this.#sweepErased();
    const { bells, deliveries, shipment, over } = this.#transact(sweep);
    await Promise.all([
      this.#ring(bells),
      this.#deleteImages(over),
      this.#ship(shipment),
      ...deliveries.map((delivery) => this.#send(delivery)),
    ]);
  }

  /** Deletes what was written late for an account that is gone, and at last its tombstone. */
  async #sweepErased(): Promise<void> {
    const tombstone = readTombstone(this.#sql);
    if (!tombstone) return;
    const rested = hasRested(tombstone, Date.now());
    await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS);
    await deleteKept(this.env, tombstone.account);
    const kept = await listKept(this.env, tombstone.account);
    if (rested && kept.length === 0) await this.ctx.storage.deleteAll();
  }

  /** The images of jobs that are over; the bucket's lifecycle rule has the last word. */
  async #deleteImages(jobs: readonly string[]): Promise<void> {
    if (jobs.length === 0) return;
    const { id } = readProfile(this.#sql);
    try {
      await Promise.all(jobs.map((job) => deleteObjects(this.env.IMAGES, jobImagePrefix(id, job))));
    } catch (error) {
      console.error(JSON.stringify({ event: "images_not_deleted", jobs, reason: String(error) }));
    }
  }

  /** What `read` gives, for a key that may do any of `scopes`. */
  #read<Value>(
    keyHash: string,
    scopes: readonly [Scope, ...Scope[]],
    read: () => Value,
  ): Result<Value, AccountError> {
    const admitted = this.#admitCall(keyHash, scopes, {});
    return admitted.ok ? ok(read()) : admitted;
  }

  #authorise(keyHash: string, scopes: readonly [Scope, ...Scope[]]): Result<ActiveKey, AccountError> {
    return this.#open ? authorise(this.#sql, keyHash, scopes, Date.now()) : NO_ACCOUNT;
  }

  /** Authorises a request that spends nothing, and counts it against the key's calls. */
  #admitCall(
    keyHash: string,
    scopes: readonly [Scope, ...Scope[]],
    { weight = 1, model }: Call,
  ): Result<Admitted, AccountError> {
    const key = this.#authorise(keyHash, scopes);
    if (!key.ok) return key;
    const { id, models } = key.value;
    if (model !== undefined && models && !models.includes(model)) {
      return fail({ code: "model_not_allowed", model });
    }
    const { ok: admitted, standing } = this.#calls.admit(id, weight, Date.now());
    if (!admitted) return fail({ code: "rate_limit_exceeded", standings: [standing], exceeded: standing });
    noteUse(this.#sql, key.value, Date.now());
    return ok({ keyId: id, standings: [standing] });
  }

  #newSecret(): Promise<Secret> {
    return newSecret(readProfile(this.#sql).id, this.env.KEY_SECRET);
  }

  /** Runs one step in a transaction, and sets the alarm together with what it wrote. */
  #transact<Value>(step: (sql: SqlStorage, now: number) => Value): Value {
    const value = this.ctx.storage.transactionSync(() => step(this.#sql, Date.now()));
    const due = soonest(this.#sql);
    // Never moved later: an alarm with nothing to do costs less than one write a request.
    if (due !== null && due < this.#alarmAt) {
      this.#alarmAt = due;
      void this.ctx.storage.setAlarm(due);
    }
    return value;
  }

  /** A doorbell that isn't heard rings again by alarm, so a failure here is only worth a line in the log. */
  async #ring(jobs: readonly string[]): Promise<void> {
    if (jobs.length === 0) return;
    const account = readProfile(this.#sql).id;
    try {
      await this.env.JOBS.sendBatch(jobs.map((job) => ({ body: { account, job } })));
    } catch (error) {
      console.error(JSON.stringify({ event: "doorbell_failed", jobs: jobs.length, reason: String(error) }));
    }
  }

  /** Usage that D1 does not take is shipped again by alarm. */
  async #ship(rows: readonly ShippedRow[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await shipUsage(this.env.DB, readProfile(this.#sql).id, rows);
      if (this.#open) this.#transact((sql) => recordShipment(sql, rows));
    } catch (error) {
      console.error(JSON.stringify({ event: "usage_shipment_failed", reason: String(error) }));
      if (this.#open) this.#transact(recordFailure);
    }
  }

  async #send(delivery: DueDelivery): Promise<void> {
    const outcome = await deliver(delivery, {
      secret: readProfile(this.#sql).webhookSecret,
      loopback: this.env.LOOPBACK_WEBHOOKS === "allow",
      now: Date.now(),
    });
    if (!this.#open) return;
    this.#transact((sql, now) => recordDelivery(sql, delivery, outcome, Math.random(), now));
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new Error("The account was never opened.");
  }
}
