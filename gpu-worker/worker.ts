/** One worker, put together: HTTP first, then the engine, then traffic. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Heartbeat } from "../core/heartbeat.ts";
import { ok, type Result } from "../core/result.ts";
import { ActiveJobs } from "./active-jobs.ts";
import { Nonces } from "./authenticate.ts";
import type { Configuration } from "./configuration.ts";
import { drain } from "./drain.ts";
import type { Loaded, WorkerContext } from "./generate.ts";
import { Heartbeats } from "./heartbeat.ts";
import { KeptPixels } from "./kept-pixels.ts";
import { Lifecycle } from "./lifecycle.ts";
import { type LoadEngine, loadEngine } from "./load-engine.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { createWorkerServer, load } from "./server.ts";
import { Settlements } from "./settlements.ts";
import { warmUp } from "./warm-up.ts";

/** Between two attempts to start a lost engine again, in milliseconds. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

export class Worker {
  readonly context: WorkerContext;
  readonly heartbeats: Heartbeats;
  readonly #settlements: Settlements;
  readonly #configuration: Configuration;
  readonly #server: Server;
  readonly #stopping = new AbortController();

  constructor(configuration: Configuration, log: Log, now: () => number = Date.now) {
    this.#configuration = configuration;
    const { worker, target, model, secret, queue, capabilities } = configuration;
    const identity = { worker, boot: randomUUID() };
    const settlements = new Settlements({ secret, log, now });
    const context: WorkerContext = {
      identity,
      secret,
      model,
      capabilities,
      queue,
      lifecycle: new Lifecycle(),
      jobs: new ActiveJobs(),
      nonces: new Nonces(),
      pixels: new KeptPixels(now),
      metrics: new Metrics(),
      settlements,
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
      capabilities: [...capabilities],
      startMs: context.lifecycle.startMs,
      ...load(context),
    });
    this.context = context;
    this.heartbeats = new Heartbeats({ secret, beat, log, now });
    this.#settlements = settlements;
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
    if (edgeUrl) this.reportTo(edgeUrl);
    this.heartbeats.start();
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  /** Where heartbeats and settle reports go from now on. */
  reportTo(edgeUrl: string): void {
    this.heartbeats.target(edgeUrl);
    this.#settlements.target(edgeUrl);
  }

  /** Loads the engine and answers one request of its own; only then is the worker ready. */
  async start(load: LoadEngine = loadEngine): Promise<Result<void, string>> {
    const loaded = await this.#loadWarm(load);
    if (!loaded.ok) {
      this.context.lifecycle.fail();
      await this.heartbeats.send();
      return loaded;
    }
    this.#serve(loaded.value, load, process.uptime() * 1000);
    return ok(undefined);
  }

  /** Ends all work within the grace period, then the engine and the port. */
  async stop(graceMs: number): Promise<void> {
    await drain(this.context.lifecycle, this.context.jobs, graceMs);
    this.#stopping.abort();
    this.heartbeats.stop();
    await Promise.all([this.heartbeats.send(), this.#settlements.stop()]);
    await this.context.loaded?.engine.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #loadWarm(load: LoadEngine): Promise<Result<Loaded, string>> {
    const loaded = await load(this.#configuration, this.context.log, this.#stopping.signal);
    if (!loaded.ok) return loaded;
    const warm = await warmUp(loaded.value, this.#configuration.model);
    if (warm.ok) return loaded;
    await loaded.value.engine.close();
    return warm;
  }

  #serve(loaded: Loaded, load: LoadEngine, startMs: number): void {
    this.context.loaded = loaded;
    this.context.lifecycle.ready(Math.round(startMs));
    void loaded.engine.lost?.then((reason) => this.#replace(loaded, load, reason));
  }

  /** Starts the engine again after it was lost, until it works or the worker stops. */
  async #replace(lost: Loaded, load: LoadEngine, reason: string): Promise<void> {
    const { lifecycle, log, metrics } = this.context;
    if (lifecycle.state !== "ready") return;
    log("error", "engine_lost", { reason });
    metrics.enginesLost += 1;
    this.context.loaded = undefined;
    lifecycle.restart();
    await lost.engine.close();
    const begun = performance.now();
    for (
      let wait = FIRST_WAIT_MS;
      !this.#stopping.signal.aborted;
      wait = Math.min(2 * wait, LONGEST_WAIT_MS)
    ) {
      const loaded = await this.#loadWarm(load);
      if (loaded.ok) return this.#serve(loaded.value, load, performance.now() - begun);
      log("error", "engine_restart_failed", { reason: loaded.error });
      await sleep(wait, undefined, { ref: false });
    }
  }
}
