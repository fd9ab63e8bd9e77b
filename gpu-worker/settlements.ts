import { SETTLE_PATH, SETTLE_WINDOW_MS, type SettleReport } from "../core/settle.ts";
import type { Log } from "./log.ts";
import { postSigned } from "./post-signed.ts";

/** An edge that lives settles by itself, with what it was told; only a dead one needs the report. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 10_000;

export interface SettlementsOptions {
  readonly secret: string;
  readonly log: Log;
  readonly now: () => number;
  readonly firstWaitMs?: number;
}

interface Pending {
  readonly report: SettleReport;
  /** For the log. */
  readonly job: string;
  /** Unix milliseconds after which the account has given the hold back. */
  readonly until: number;
  waitMs: number;
  timer: NodeJS.Timeout;
}

/**
 * Tells the edge what was computed for requests whose stream was cut, until it has taken each report or the request's
 * hold is over. In memory: what a worker that dies had to report is given back to the customer.
 */
export class Settlements {
  readonly #options: SettlementsOptions;
  readonly #pending = new Set<Pending>();
  #url: URL | undefined;

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  /** Where reports go from now on. */
  target(edgeUrl: string): void {
    this.#url = new URL(SETTLE_PATH, edgeUrl);
  }

  /** `deadline` is the frame's, in Unix milliseconds. */
  add(report: SettleReport, { job, deadline }: { readonly job: string; readonly deadline: number }): void {
    const waitMs = this.#options.firstWaitMs ?? FIRST_WAIT_MS;
    const until = deadline + SETTLE_WINDOW_MS;
    const pending: Pending = {
      report,
      job,
      until,
      waitMs,
      timer: setTimeout(() => this.#send(pending), waitMs),
    };
    this.#pending.add(pending);
  }

  /** Sends what is left once more, at once, and forgets it: the worker stops. */
  async stop(): Promise<void> {
    const left = [...this.#pending];
    this.#pending.clear();
    for (const { timer } of left) clearTimeout(timer);
    await Promise.all(left.map((pending) => this.#post(pending)));
  }

  async #send(pending: Pending): Promise<void> {
    const { log, now } = this.#options;
    const done = await this.#post(pending);
    if (!this.#pending.has(pending)) return;
    pending.waitMs = Math.min(2 * pending.waitMs, LONGEST_WAIT_MS);
    if (!done && now() + pending.waitMs < pending.until) {
      pending.timer = setTimeout(() => this.#send(pending), pending.waitMs);
      return;
    }
    this.#pending.delete(pending);
    if (!done) log("warn", "settle_given_up", { job: pending.job });
  }

  /** True when the edge has answered, with yes or no. */
  async #post({ report, job }: Pending): Promise<boolean> {
    if (!this.#url) return false;
    const posted = await postSigned(this.#url, report, this.#options);
    if (posted.ok) return true;
    this.#options.log("warn", "settle_failed", { job, problem: posted.error.message });
    return posted.error.refused;
  }
}
