/** The whole product, as `npm start` runs it, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { until } from "./poll.ts";
import { killAll, processTree, stillRunning } from "./processes.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** A loaded machine may take long; a product that can't start says so at once. */
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 40_000;
const LOG_CHARACTERS = 4_000;

const developer = z.object({
  url: z.string(),
  apiKey: z.string(),
  adminKey: z.string(),
  webhookSecret: z.string(),
  workerUrl: z.string(),
});

/** How to reach a running product. */
export type Address = z.infer<typeof developer>;

export type Environment = Readonly<Record<string, string>>;

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export class Product {
  readonly address: Address;
  readonly home: string;
  readonly #launched: Launched;

  /** Starts a product with its state in `home` and waits until it answers. */
  static async start(home: string, environment: Environment = {}): Promise<Product> {
    const launched = new Launched(home, environment);
    const address = await until(
      "the product's dev.json",
      () => {
        if (launched.ended) throw new Error(`The product ended before it was ready:\n${launched.output}`);
        return readAddress(home, launched.since);
      },
      { timeoutMs: START_LIMIT_MS },
    ).catch((error: unknown) => {
      killAll(launched.tree());
      throw error;
    });
    return new Product(home, address, launched);
  }

  private constructor(home: string, address: Address, launched: Launched) {
    this.home = home;
    this.address = address;
    this.#launched = launched;
  }

  /** The process that was started. */
  get id(): number {
    return this.#launched.id;
  }

  /** Every process of the product. */
  processes(): number[] {
    return this.#launched.tree();
  }

  output(): string {
    return this.#launched.output;
  }

  /** The last lines of its processes' logs. */
  logs(): string {
    const folder = join(this.home, "logs");
    return readdirSync(folder)
      .map((name) => `${name}:\n${readFileSync(join(folder, name), "utf8").slice(-LOG_CHARACTERS)}`)
      .join("\n");
  }

  /** Ends it as Ctrl-C or a supervisor would, and waits. */
  async stop(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<Ended> {
    if (this.#launched.ended)
      throw new Error(`The product has ended before:\n${this.output()}\n${this.logs()}`);
    process.kill(this.id, signal);
    return this.#launched.wait(STOP_LIMIT_MS);
  }

  /** SIGKILL to the started process alone, or to all of them at once. */
  async kill(whom: "parent" | "everyone"): Promise<void> {
    killAll(whom === "parent" ? [this.id] : this.processes());
    await this.#launched.wait(STOP_LIMIT_MS);
  }
}

/** Runs the start command to its end, for starts that fail. */
export async function runStart(home: string, environment: Environment = {}): Promise<Ended> {
  return new Launched(home, environment).wait(START_LIMIT_MS);
}

/** An empty directory for a product's state, deleted by the function that comes with it. */
export function temporaryHome(): { readonly home: string; readonly remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), "tessera-test-"));
  return { home, remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Waits until none of these processes runs. Throws with those that do. */
export async function allGone(ids: readonly number[]): Promise<void> {
  await until(`the end of ${ids.length} processes`, () => stillRunning(ids).length === 0, {
    timeoutMs: 15_000,
  }).catch(() => {
    throw new Error(`These processes were left behind: ${stillRunning(ids).join(", ")}`);
  });
}

/** The start command's process. */
class Launched {
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;
  /** Unix milliseconds. */
  readonly since = Date.now();
  output = "";
  ended = false;

  constructor(home: string, environment: Environment) {
    this.#process = spawn(process.execPath, [join(REPOSITORY, "start/main.ts")], {
      cwd: REPOSITORY,
      env: { ...inherited(), PORT: "0", TESSERA_HOME: home, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.#exit = once(this.#process, "close");
    this.#process.once("exit", () => {
      this.ended = true;
    });
  }

  get id(): number {
    if (this.#process.pid === undefined) throw new Error("The product could not be spawned.");
    return this.#process.pid;
  }

  tree(): number[] {
    return processTree(this.id);
  }

  async wait(limitMs: number): Promise<Ended> {
    const tree = this.tree();
    const timer = setTimeout(() => killAll(tree), limitMs);
    await this.#exit;
    clearTimeout(timer);
    return { code: this.#process.exitCode, signal: this.#process.signalCode, output: this.output };
  }
}

/** The test run's environment without what npm and vitest put there, as a shell would have it. */
function inherited(): NodeJS.ProcessEnv {
  const own = /^(npm_|VITEST|NODE_ENV$|TEST$|TESSERA_|PORT$|HOST$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** A product that was killed leaves its file behind, so only one as new as the start counts. */
function readAddress(home: string, since: number): Address | undefined {
  const file = join(home, "dev.json");
  let text: string;
  try {
    if (statSync(file).mtimeMs < since) return undefined;
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  return developer.parse(JSON.parse(text));
}
