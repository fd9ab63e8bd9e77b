/** The account under the law's property test, with crashes in the middle of its transactions. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { hashKey } from "../../auth/key.ts";
import { Account } from "../account.ts";
import { soonest } from "../alarm.ts";
import { SCOPES } from "../scopes.ts";
import { keyOptions } from "./fixture.ts";
import { checkLaw } from "./law.ts";
import { CONCURRENCY, type Model } from "./law-model.ts";

class Crash extends Error {}

export class Real {
  readonly #state: DurableObjectState;
  /** How many statements the next transaction may run before it crashes. */
  #statements = Number.POSITIVE_INFINITY;
  account: Account;
  keyId = "";
  keyHash = "";
  /** A key that may manage the others. */
  ownerHash = "";
  /** What rotated keys were called before. */
  former: { hash: string; keyId: string; ends: number }[] = [];

  constructor(state: DurableObjectState) {
    this.#state = state;
    this.#installCrashes();
    this.account = new Account(state, env);
  }

  /** Loses everything that is only in memory. */
  restart(): void {
    this.account = new Account(this.#state, env);
  }

  async newOwner(): Promise<void> {
    const { key } = await this.account.createKey({ ...keyOptions, scopes: SCOPES });
    this.ownerHash = await hashKey(key);
  }

  async newKey(): Promise<void> {
    const limits = { ...keyOptions.limits, concurrency: CONCURRENCY };
    const { key, record } = await this.account.createKey({ ...keyOptions, limits });
    this.keyId = record.id;
    this.keyHash = await hashKey(key);
  }

  /** Gives the key another text; after a crash it may be rotated twice. */
  async rotateKey(crash: number | null, overlapMs: number): Promise<void> {
    const rotated = await this.call(crash, (account) =>
      account.rotateKey(this.ownerHash, this.keyId, overlapMs),
    );
    if (!rotated.ok) throw new Error(rotated.error.code);
    this.keyHash = await hashKey(rotated.value.key);
  }

  /**
   * Calls the account; if it crashes before statement number `crash` of a transaction, it is restarted and called
   * again.
   */
  async call<Value>(crash: number | null, step: (account: Account) => Promise<Value>): Promise<Value> {
    if (crash !== null) {
      this.#statements = crash;
      try {
        return await step(this.account);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.restart();
        expect(checkLaw(this.#state.storage.sql)).toEqual([]);
      } finally {
        this.#statements = Number.POSITIVE_INFINITY;
      }
    }
    return step(this.account);
  }

  /** Everything that must hold between any two calls. */
  async audit(model: Model): Promise<void> {
    const { sql } = this.#state.storage;
    expect(await this.account.ledger()).toEqual(model.ledger());
    expect(checkLaw(sql)).toEqual([]);
    const due = soonest(sql);
    if (due !== null) expect(await this.#state.storage.getAlarm()).toBeLessThanOrEqual(due);
  }

  rows(table: "hold" | "job" | "outbox") {
    return this.#state.storage.sql.exec(`SELECT * FROM ${table}`).toArray();
  }

  #installCrashes(): void {
    const { storage } = this.#state;
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    const transactionSync = storage.transactionSync.bind(storage);
    let left = Number.POSITIVE_INFINITY;
    replace(sql, "exec", (query: string, ...bindings: SqlStorageValue[]) => {
      if (left-- <= 0) throw new Crash();
      return exec(query, ...bindings);
    });
    replace(storage, "transactionSync", <Value>(step: () => Value) => {
      left = this.#statements;
      try {
        return transactionSync(step);
      } finally {
        left = Number.POSITIVE_INFINITY;
      }
    });
  }
}

/** Not a spy, which would keep the arguments and results of millions of calls. */
function replace<Target extends object>(target: Target, method: keyof Target, value: unknown): void {
  Object.defineProperty(target, method, { value });
}
