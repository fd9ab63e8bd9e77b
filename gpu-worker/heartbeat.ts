/** Tells the edge once a second, and at every change of state, where this worker stands. */
import { randomUUID } from "node:crypto";
import { HEARTBEAT_PATH, type Heartbeat } from "../core/heartbeat.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../core/signature.ts";
import type { Log } from "./log.ts";

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 2000;
const MAX_PROBLEM_CHARACTERS = 500;

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
    const { secret, beat, log, now } = this.#options;
    const body = new TextEncoder().encode(JSON.stringify(beat()));
    const timestamp = String(now());
    const nonce = randomUUID();
    const problem = await (async () => {
      try {
        const signature = await sign(secret, { method: "POST", path: url.pathname, timestamp, nonce, body });
        const response = await fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            [TIMESTAMP_HEADER]: timestamp,
            [NONCE_HEADER]: nonce,
            [SIGNATURE_HEADER]: signature,
          },
          body,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        // The edge says why it takes no work from this worker, such as a target or revision that it does not know.
        const text = await response.text();
        return response.ok
          ? undefined
          : `status ${response.status}: ${text.slice(0, MAX_PROBLEM_CHARACTERS)}`;
      } catch (error) {
        return error instanceof Error ? error.message : "unknown";
      }
    })();
    if (problem !== undefined && !this.#failing) log("warn", "heartbeat_failed", { problem });
    if (problem === undefined && this.#failing) log("info", "heartbeat_recovered");
    this.#failing = problem !== undefined;
  }
}
