import type { WorkerState } from "../core/heartbeat.ts";

/** Where the worker stands between its start and its end, and who wants to know of a change. */
export class Lifecycle {
  #state: WorkerState = "starting";
  #startMs: number | null = null;
  readonly #listeners: (() => void)[] = [];

  get state(): WorkerState {
    return this.#state;
  }

  /** Milliseconds that the last start took, of the process or of its engine alone; null before the first. */
  get startMs(): number | null {
    return this.#startMs;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  ready(startMs: number): void {
    // A drain that began while the engine was loading goes on.
    if (this.#state !== "starting") return;
    this.#startMs = startMs;
    this.#set("ready");
  }

  /** The engine is lost and started again. */
  restart(): void {
    if (this.#state === "ready") this.#set("starting");
  }

  drain(): void {
    this.#set("draining");
  }

  fail(): void {
    this.#set("failed");
  }

  #set(state: WorkerState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
