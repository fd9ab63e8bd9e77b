/** A GPU worker with vLLM on this machine's CPU, as an operator starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { connect, type EngineClient } from "../../gpu-worker/engines/grpc/client.ts";
import { until } from "../helpers/poll.ts";
import { processTree } from "../helpers/processes.ts";
import { PYTHON } from "./tools.ts";

const MAIN = join(import.meta.dirname, "../../gpu-worker/main.ts");
/** On two busy processors; alone it takes 80 seconds. */
const START_LIMIT_MS = 900_000;

const line = z.looseObject({ event: z.string(), port: z.int().optional(), state: z.string().optional() });
type Line = z.infer<typeof line>;

export interface VllmWorkerOptions {
  readonly port: number;
  readonly secret: string;
  readonly name: string;
  readonly edgeUrl?: string;
  readonly flags?: string;
}

export class VllmWorker {
  readonly url: string;
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #problems: Promise<string>;
  #ended = false;

  constructor({ port, secret, name, edgeUrl, flags }: VllmWorkerOptions) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(port),
        TESSERA_POOL_SECRET: secret,
        TESSERA_WORKER_NAME: name,
        TESSERA_ENGINE: "vllm",
        TESSERA_GPU: "cpu",
        TESSERA_PYTHON: PYTHON,
        TESSERA_DRAIN_MS: "60000",
        HF_HUB_OFFLINE: "1",
        ...(edgeUrl && { TESSERA_EDGE_URL: edgeUrl }),
        ...(flags && { TESSERA_ENGINE_FLAGS: flags }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error("The worker has no pipes.");
    createInterface({ input: stdout }).on("line", (read) => this.lines.push(line.parse(JSON.parse(read))));
    this.#problems = text(stderr);
    this.#child.once("exit", () => {
      this.#ended = true;
    });
  }

  get id(): number {
    if (this.#child.pid === undefined) throw new Error("The worker could not be spawned.");
    return this.#child.pid;
  }

  /** The worker and its engine. */
  processes(): number[] {
    return processTree(this.id);
  }

  /** Starts of the engine so far. */
  get starts(): number {
    return this.lines.filter(({ event }) => event === "engine_started").length;
  }

  /** The engine that answers at present. */
  engine(): EngineClient {
    const port = this.lines.findLast(({ event }) => event === "engine_started")?.port;
    if (port === undefined) throw new Error("The engine has not started.");
    return connect(port);
  }

  /** Waits until this many starts of the engine have come true, and the worker is ready. */
  async ready(starts = 1): Promise<void> {
    await until(
      `start ${starts} of vLLM`,
      async () => {
        if (this.#ended) throw new Error(`The worker ended: ${await this.#problems}`);
        return this.starts >= starts && (await fetch(`${this.url}/readyz`)).status === 200;
      },
      { timeoutMs: START_LIMIT_MS, everyMs: 250 },
    );
  }

  /** Requests that it has answered. */
  async done(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/^tessera_requests_total\{outcome="done"\} (\d+)$/m.exec(metrics)?.[1]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** How it ended, and what it said. */
  async ended(): Promise<{ readonly code: number | null; readonly said: string }> {
    if (!this.#ended) await once(this.#child, "exit");
    return { code: this.#child.exitCode, said: await this.#problems };
  }
}
