/** What the account's tests share. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { hashKey, newAccountId } from "../../auth/key.ts";
import type { Doorbell } from "../../jobs/doorbell.ts";
import type { UsageRange } from "../../usage/query.ts";
import type { Account } from "../account.ts";
import type { Settlement } from "../contract.ts";
import type { Answer, Outcome } from "../job-contract.ts";
import type { KeyOptions } from "../keys/contract.ts";
import type { RequestEnd, RequestFacts } from "../receipts.ts";
import { SCOPES } from "../scopes.ts";
import { checkLaw } from "./law.ts";

export type Stub = DurableObjectStub<Account>;

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

export const ANSWER: Answer = {
  text: "Two cats.",
  finishReason: "stop",
  usage: { imageTokens: 144, textTokens: 20, outputTokens: 3 },
};

/** What is known of every request of the tests. */
export const FACTS: RequestFacts = {
  requestHash: `sha256:${"0".repeat(64)}`,
  images: [`sha256:${"1".repeat(64)}`],
  model: "tessera-tiny",
  revision: "tests",
  priceVersion: "tessera-tiny/1",
  tokens: 200,
};

const END: RequestEnd = {
  status: "succeeded",
  text: ANSWER.text,
  usage: ANSWER.usage,
  cache: "miss",
  timings: { prepareMs: 1.5, queueMs: 0, visionMs: 2, prefillMs: 3, decodeMs: 4 },
};

/** The question for everything that was used. */
export const ALL_USAGE: UsageRange = {
  bucket: "hour",
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  key: null,
  model: null,
  status: null,
};

/**
 * Every test of a file begins with a clock that stands still, and no doorbell is heard: those that rang in a test are in
 * the list that is returned.
 */
export function standStill(): Doorbell[] {
  const bells: Doorbell[] = [];
  beforeEach(() => {
    stopClock();
    bells.splice(0);
    recordBells(bells);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  return bells;
}

/** A clock that stands still, a year ahead: alarms ring only when a test runs them. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 365 * DAY });
}

export function travel(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** Records the doorbells that ring; no queue hears them. */
export function recordBells(bells: Doorbell[] = []): void {
  vi.spyOn(Object.getPrototypeOf(env.JOBS), "sendBatch").mockImplementation(async (messages: unknown) => {
    for (const { body } of messages as { body: Doorbell }[]) bells.push(body);
  });
}

export const inAMinute = () => Date.now() + MINUTE;

export const keyOptions: KeyOptions = {
  name: "tests",
  scopes: ["infer", "jobs"],
  models: null,
  expiresAt: null,
  limits: { requestsPerMinute: 1_000_000, tokensPerMinute: null, concurrency: 1000 },
  budget: { total: null, day: null, month: null },
};

/** A new account with credit and one key. */
export async function newAccount(credit: number, options: Partial<KeyOptions> = {}) {
  const account = newAccountId();
  const stub = stubOf(account);
  await stub.open({ name: "tests", grant: { id: "first", amount: credit } });
  const { key, record } = await stub.createKey({ ...keyOptions, ...options });
  return { account, stub, key, keyId: record.id, keyHash: await hashKey(key) };
}

/** The hash of another key of the account, which may do everything. */
export async function newOwner(stub: Stub): Promise<string> {
  const { key } = await stub.createKey({ ...keyOptions, scopes: SCOPES });
  return hashKey(key);
}

export function stubOf(account: string): Stub {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName(account));
}

/** How the first attempt at an attached request ends. */
export function settlement(job: string, charge: number, attempt = 1): Settlement {
  return { job, attempt, charge, end: END };
}

/** How an attempt at a stored job ends. */
export function outcome(
  job: string,
  charge: number,
  { attempt, lease, ...changes }: Partial<Outcome> & Pick<Outcome, "attempt" | "lease">,
): Outcome {
  return {
    job,
    attempt,
    lease,
    state: "succeeded",
    charge,
    answer: ANSWER,
    failure: null,
    usage: ANSWER.usage,
    cache: "miss",
    timings: null,
    ...changes,
  };
}

/** Runs the alarm if one is set. */
export async function ringAlarm(stub: Stub): Promise<void> {
  await runDurableObjectAlarm(stub);
}

/** Calls the object from within, without the cost of a call from outside. */
export function inside<Value>(
  stub: Stub,
  step: (account: Account, state: DurableObjectState) => Promise<Value> | Value,
): Promise<Value> {
  return runInDurableObject<Account, Value>(stub, step);
}

/** What is wrong with the account's books. */
export function law(stub: Stub): Promise<string[]> {
  return inside(stub, (_, state) => checkLaw(state.storage.sql));
}

/** The rows of one of the account's tables. */
export function rows(stub: Stub, table: "entry" | "hold" | "job" | "outbox") {
  return inside(stub, (_, state) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray());
}
