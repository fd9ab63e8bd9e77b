import { join } from "node:path";
import { Child } from "./child.ts";
import { StartError } from "./error.ts";
import { type WorkersRequest, workersReply } from "./workers-messages.ts";

/** Edge and vision, in one process. */
export class Edge {
  /** Settles when the edge takes requests. */
  readonly listening: Promise<void>;
  /** Rejects when it can't start, or ends without being asked to. */
  readonly failed: Promise<never>;
  readonly #child: Child;
  #stopping = false;

  constructor({ request, log }: { request: WorkersRequest; log: string }) {
    const listening = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    this.listening = listening.promise;
    this.failed = failed.promise;
    this.#child = new Child({
      script: join(import.meta.dirname, "workers.ts"),
      env: { WRANGLER_SEND_METRICS: "false" },
      log,
      onMessage: (message) => {
        const reply = workersReply.parse(message);
        if (reply.type === "listening") listening.resolve();
        else failed.reject(new StartError(`The edge can't start: ${reply.message}`));
      },
    });
    this.#child.send(request);
    void this.#child.exited.then(({ code, signal }) => {
      if (this.#stopping) return;
      failed.reject(new StartError(`The edge ended (${signal ?? `code ${code}`}). Its log: ${log}`));
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#child.stop(graceMs);
  }

  kill(): void {
    this.#stopping = true;
    this.#child.kill();
  }
}
