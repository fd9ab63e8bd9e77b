import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";

export interface ChildOptions {
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that takes both of its outputs. */
  readonly log: string;
  readonly onMessage: (message: unknown) => void;
}

/**
 * A process of ours, leader of its own group. It ends by itself when our end of its IPC channel closes, however we end.
 */
export class Child {
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #process: ChildProcess;
  readonly #log: string;

  constructor(options: ChildOptions) {
    this.#log = options.log;
    const output = openSync(options.log, "a");
    this.#process = fork(options.script, {
      // A group of its own: a terminal's Ctrl-C reaches us alone, and we stop our children in order.
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", output, output, "ipc"],
    });
    closeSync(output);
    this.#process.on("message", options.onMessage);
    this.exited = once(this.#process, "exit").then(([code, signal]) => {
      this.#signalGroup("SIGKILL");
      return { code, signal };
    });
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** Asks it to end, and ends its whole group after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#process.kill("SIGTERM");
    const deadline = setTimeout(() => this.kill(), graceMs);
    await this.exited;
    clearTimeout(deadline);
  }

  kill(): void {
    this.#signalGroup("SIGKILL");
  }

  /** Why it ended, as it wrote itself: its uncaught error's message, or else its last line. */
  lastWords(): string {
    const lines = readFileSync(this.#log, "utf8").trimEnd().split("\n");
    return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "";
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // The group is already gone.
    }
  }
}
