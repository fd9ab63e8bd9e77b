/** One worker, put together: HTTP first, then the engine, then traffic. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import { join } from "node:path";
import type { Heartbeat } from "../core/heartbeat.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { loadTokenizer } from "../core/tokenizer.ts";
import { ActiveJobs } from "./active-jobs.ts";
import { Nonces } from "./authenticate.ts";
import type { Configuration } from "./configuration.ts";
import { drain } from "./drain.ts";
import { createOnnxEngine } from "./engines/onnx/engine.ts";
import { checkWeights, readJson, WEIGHT_FILES } from "./engines/onnx/weights.ts";
import type { Loaded, WorkerContext } from "./generate.ts";
import { Heartbeats } from "./heartbeat.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { createWorkerServer, load } from "./server.ts";
import { warmUp } from "./warm-up.ts";

export type LoadEngine = (configuration: Configuration, log: Log) => Promise<Result<Loaded, string>>;

export class Worker {
  readonly context: WorkerContext;
  readonly heartbeats: Heartbeats;
  readonly #configuration: Configuration;
  readonly #server: Server;

  constructor(configuration: Configuration, log: Log, now: () => number = Date.now) {
    this.#configuration = configuration;
    const { worker, target, model, secret, queue } = configuration;
    const identity = { worker, boot: randomUUID() };
    const context: WorkerContext = {
      identity,
      secret,
      model,
      queue,
      lifecycle: new Lifecycle(),
      jobs: new ActiveJobs(),
      nonces: new Nonces(),
      metrics: new Metrics(),
      log,
      now,
      loaded: undefined,
    };
    const beat = (): Heartbeat => ({
      ...identity,
      target,
      model: model.id,
      revision: model.revision,
      state: context.lifecycle.state,
      startMs: context.lifecycle.startMs,
      ...load(context),
    });
    this.context = context;
    this.heartbeats = new Heartbeats({ secret, beat, log, now });
    this.#server = createWorkerServer(context);
    context.lifecycle.onChange(() => {
      log("info", "state", { state: context.lifecycle.state });
      void this.heartbeats.send();
    });
  }

  /** Opens the port, 0 for a free one, and begins to send heartbeats. Gives the port; throws when it is taken. */
  async listen(): Promise<number> {
    const { host, port, edgeUrl } = this.#configuration;
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    if (edgeUrl) this.heartbeats.target(edgeUrl);
    this.heartbeats.start();
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  /** Loads the engine and answers one request of its own; only then is the worker ready. */
  async start(loadEngine: LoadEngine = loadOnnx): Promise<Result<void, string>> {
    const { lifecycle, log } = this.context;
    const loaded = await loadEngine(this.#configuration, log);
    const warm = loaded.ok ? await warmUp(loaded.value, this.#configuration.model) : loaded;
    if (!loaded.ok || !warm.ok) {
      lifecycle.fail();
      await this.heartbeats.send();
      return warm;
    }
    this.context.loaded = loaded.value;
    lifecycle.ready(Math.round(process.uptime() * 1000));
    return ok(undefined);
  }

  /** Ends all work within the grace period, then the engine and the port. */
  async stop(graceMs: number): Promise<void> {
    await drain(this.context.lifecycle, this.context.jobs, graceMs);
    this.heartbeats.stop();
    await this.heartbeats.send();
    await this.context.loaded?.engine.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** The embedded engine from the configured folder. */
async function loadOnnx(configuration: Configuration, log: Log): Promise<Result<Loaded, string>> {
  const { weights, model, slots } = configuration;
  const checked = await checkWeights(weights);
  if (!checked.ok) return fail(checked.error.message);
  try {
    const tokenizer = loadTokenizer(await readJson(join(weights, WEIGHT_FILES.tokenizer)));
    const engine = await createOnnxEngine({ weights, model, slots, onFailure: logFailure(log) });
    return ok({ engine, tokenizer });
  } catch (error) {
    return fail(
      `the model in ${weights} cannot be loaded: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function logFailure(log: Log) {
  return (request: string, error: unknown) =>
    log("error", "engine_failed", { request, error: error instanceof Error ? error.stack : String(error) });
}
