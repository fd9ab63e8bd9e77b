import type { JobRecord } from "../account/job-contract.ts";
import type { Said } from "../chat/accepted.ts";
import { Transcript } from "../chat/transcript.ts";
import type { JobEvent, JobListener } from "./contract.ts";

interface Watcher {
  readonly listener: JobListener;
  readonly resolve: (record: JobRecord) => void;
  readonly reject: (reason: Error) => void;
}

/** Who watches a job. In memory: whoever loses sight of a job asks again. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();
  /** What the present attempt has said. */
  #said = new Transcript();

  /** Settles when the job has ended. */
  add(listener: JobListener): Promise<JobRecord> {
    const { promise, resolve, reject } = Promise.withResolvers<JobRecord>();
    const watcher = { listener, resolve, reject };
    this.#watchers.add(watcher);
    if (!this.#said.empty) this.#tell(watcher, { type: "text", ...this.#said.whole() });
    return promise;
  }

  tell(event: JobEvent): void {
    for (const watcher of this.#watchers) this.#tell(watcher, event);
  }

  begin(attempt: number): void {
    if (!this.#said.empty) this.tell({ type: "reset", attempt });
    this.#said = new Transcript();
  }

  say(part: Said): void {
    this.#said.add(part);
    this.tell(part);
  }

  end(record: JobRecord): void {
    for (const { resolve } of this.#watchers) resolve(record);
    this.#watchers.clear();
  }

  #tell(watcher: Watcher, event: JobEvent): void {
    // A listener is a call into the watcher's isolate: it fails when the watcher has left.
    void Promise.resolve(watcher.listener(event)).catch(() => {
      this.#watchers.delete(watcher);
      watcher.reject(new Error("The watcher has left."));
    });
  }
}
