import { soonest } from "./alarm.ts";
import { bringUpToDate, isOpen, isUpToDate } from "./schema.ts";

type Step<Value> = (sql: SqlStorage, now: number) => Value;

/** The account's tables in its object's storage. Every step on them is one transaction. */
export class Tables {
  readonly #storage: DurableObjectStorage;
  #open: boolean;
  /** The alarm that this instance knows to be set, in Unix milliseconds. */
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#open = isOpen(storage.sql);
    if (this.#open && !isUpToDate(storage.sql)) storage.transactionSync(() => bringUpToDate(storage.sql));
  }

  /** Runs a step and sets the alarm together with what it wrote; null where there is no account. */
  step<Value>(step: Step<Value>): Value | null {
    return this.#open ? this.#transact(step) : null;
  }

  /** Opens the account by a step that makes the tables. */
  open(step: Step<void>): void {
    this.#transact(step);
    this.#open = true;
  }

  /** Closes the account by a step that drops the tables; null where there is none. */
  close<Value>(step: Step<Value>): Value | null {
    if (!this.#open) return null;
    const value = this.#storage.transactionSync(() => step(this.#storage.sql, Date.now()));
    this.#open = false;
    return value;
  }

  /** To be called when the alarm has rung: the next one is to be set anew. */
  alarmRang(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
  }

  #transact<Value>(step: Step<Value>): Value {
    const { sql } = this.#storage;
    const value = this.#storage.transactionSync(() => step(sql, Date.now()));
    const due = soonest(sql);
    // Never moved later: an alarm with nothing to do costs less than one write a request.
    if (due !== null && due < this.#alarmAt) {
      this.#alarmAt = due;
      void this.#storage.setAlarm(due);
    }
    return value;
  }
}
