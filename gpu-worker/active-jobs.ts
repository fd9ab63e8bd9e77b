/** Why a generation is stopped before its end. */
export type StopCause = "client_left" | "deadline_exceeded" | "worker_draining";

/** The jobs that hold an open response. */
export class ActiveJobs {
  readonly #jobs = new Set<AbortController>();
  readonly #idle: (() => void)[] = [];

  get size(): number {
    return this.#jobs.size;
  }

  start(): { readonly signal: AbortSignal; stop(cause: StopCause): void; end(): void } {
    const controller = new AbortController();
    this.#jobs.add(controller);
    return {
      signal: controller.signal,
      stop: (cause) => controller.abort(cause),
      end: () => {
        this.#jobs.delete(controller);
        if (this.#jobs.size === 0) for (const settle of this.#idle.splice(0)) settle();
      },
    };
  }

  stopAll(cause: StopCause): void {
    for (const controller of this.#jobs) controller.abort(cause);
  }

  /** Settles when no job is left. */
  async idle(): Promise<void> {
    if (this.#jobs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
