/** The engine's process and its processes' group: started, and ended whole. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { Log } from "../../log.ts";

/** The engine answers for itself within this time after SIGTERM: it gives its own streams five seconds. */
const STOP_MS = 20_000;
const MOST_LINE_CHARACTERS = 300;
const REMEMBERED_LINES = 5;

/**
 * Runs a module of Python, and ends when the process that started it does (`man 2 prctl`, PR_SET_PDEATHSIG): an orphan
 * would keep the GPU's memory.
 */
const RUN_MODULE = `
import runpy, signal, sys
try:
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
except (OSError, AttributeError):
    pass
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
`;

export interface PythonModule {
  readonly python: string;
  readonly module: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export class EngineProcess {
  /** Settles with the reason when the process has ended, whoever ended it. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #running = true;

  constructor({ python, module, flags, env }: PythonModule, log: Log) {
    this.#child = spawn(python, ["-c", RUN_MODULE, module, ...flags], {
      env: { ...withoutOurs(process.env), ...env },
      // A group of its own: its processes end together, and a terminal's Ctrl-C leaves them to us.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (!output) continue;
      createInterface({ input: output }).on("line", (line) => {
        const problem = problemOf(line);
        if (problem === undefined) return;
        this.#lines.push(problem);
        this.#lines.splice(0, this.#lines.length - REMEMBERED_LINES);
        log("warn", "engine_output", { line: problem });
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`it cannot be started: ${error.message}`));
      this.#child.once("exit", (code, signal) => {
        // What is left of the group would keep the GPU's memory.
        this.kill();
        resolve([`it ended with ${signal ?? `code ${code}`}`, ...this.#lines].join("; "));
      });
    });
    void this.ended.then(() => {
      this.#running = false;
    });
  }

  /** The process' id; the engine's other processes are its children. */
  get id(): number {
    if (this.#child.pid === undefined) throw new Error("The engine could not be spawned.");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Ends it in order, or at once after the grace period. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.kill(), STOP_MS);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends every process of the group at once. */
  kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // The group is gone.
    }
  }
}

/** Our own settings are none of the engine's business; one of them is a secret. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("TESSERA_")));
}

/**
 * A warning or an error of the engine's log. When the engine dies it logs what it was computing: that stays out of
 * ours.
 */
function problemOf(line: string): string | undefined {
  if (!/\b(WARNING|ERROR|CRITICAL)\b|^\w*Error\b/.test(line) || /dump_input|tensor\(/.test(line))
    return undefined;
  return line.slice(0, MOST_LINE_CHARACTERS);
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("A server has no port.");
  return address.port;
}
