/** Tells the edge once a second, and at every change of state, where this worker stands. */
import { HEARTBEAT_PATH, type Heartbeat } from "../core/heartbeat.ts";
import type { Log } from "./log.ts";
import { postSigned } from "./post-signed.ts";

const INTERVAL_MS = 1000;

export interface HeartbeatOptions {
  readonly secret: string;
  readonly beat: () => Heartbeat;
  readonly log: Log;
  readonly now: () => number;
}

export class Heartbeats {
  readonly #options: HeartbeatOptions;
  #url: URL | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Ends with the last heartbeat so far; they go one after the other, so that an older state never arrives last. */
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;
  #failing = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Where heartbeats go from now on. */
  target(edgeUrl: string): void {
    this.#url = new URL(HEARTBEAT_PATH, edgeUrl);
    void this.send();
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#underWay === 0) void this.send();
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sends one heartbeat, after those under way. Never fails. */
  send(): Promise<void> {
    const url = this.#url;
    if (!url) return Promise.resolve();
    this.#underWay += 1;
    this.#last = this.#last.then(async () => {
      await this.#post(url);
      this.#underWay -= 1;
    });
    return this.#last;
  }

  async #post(url: URL): Promise<void> {
    const { beat, log } = this.#options;
    const posted = await postSigned(url, beat(), this.#options);
    const problem = posted.ok ? undefined : posted.error.message;
    if (problem !== undefined && !this.#failing) log("warn", "heartbeat_failed", { problem });
    if (problem === undefined && this.#failing) log("info", "heartbeat_recovered");
    this.#failing = problem !== undefined;
  }
}
