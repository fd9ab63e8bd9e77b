import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Child } from "./child.ts";
import { StartError } from "./error.ts";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** A worker that ran for this long was healthy: its next fault is a new one. */
const HEALTHY_MS = 60_000;

const message = z.object({ type: z.string() });

export interface GpuWorkerOptions {
  /** The worker's own settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  /** Told in one line when the worker has to be started again, and when it is back. */
  readonly report: (line: string) => void;
}

/** The embedded GPU worker, started again whenever it ends without being asked to. */
export class GpuWorker {
  /** Settles when the model is loaded for the first time. */
  readonly ready: Promise<void>;
  /** Rejects when it can't start at all. */
  readonly failed: Promise<never>;
  readonly #options: GpuWorkerOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #child: Child;
  #everReady = false;
  #stopping = false;

  constructor(options: GpuWorkerOptions) {
    this.#options = options;
    this.ready = this.#ready.promise;
    this.failed = this.#failed.promise;
    this.#child = this.#spawn();
    void this.#supervise();
  }

  /** Lets requests in progress finish for up to `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#child.stop(graceMs);
  }

  kill(): void {
    this.#stopping = true;
    this.#child.kill();
  }

  async #supervise(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const started = Date.now();
      const { code, signal } = await this.#child.exited;
      if (this.#stopping) return;
      if (!this.#everReady && code !== null) {
        this.#failed.reject(
          new StartError(this.#child.lastWords() || `The GPU worker ended with code ${code}.`),
        );
        return;
      }
      if (Date.now() - started > HEALTHY_MS) wait = FIRST_WAIT_MS;
      this.#options.report(
        `The GPU worker ended (${signal ?? `code ${code}`}); starting it again in ${wait} ms.`,
      );
      await sleep(wait);
      if (this.#stopping) return;
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      this.#child = this.#spawn();
    }
  }

  #spawn(): Child {
    const { env, log } = this.#options;
    return new Child({
      script: join(import.meta.dirname, "../gpu-worker/main.ts"),
      env,
      log,
      onMessage: (received) => {
        if (message.safeParse(received).data?.type !== "ready") return;
        if (this.#everReady) this.#options.report("The GPU worker is ready again.");
        this.#everReady = true;
        this.#ready.resolve();
      },
    });
  }
}
