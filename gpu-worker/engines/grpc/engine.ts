/**
 * An engine in a process of its own on this machine, which is fed with ready tiles over vLLM's gRPC protocol: vLLM
 * itself, or SGLang behind our servicer.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import type { EngineStart } from "../../../core/engine-start.ts";
import type { Model } from "../../../core/models.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { Log } from "../../log.ts";
import type { Engine, EngineRequest, EngineStep, EngineTimings, Generation } from "../engine.ts";
import { checkEngine } from "./check.ts";
import { connect, type EngineClient } from "./client.ts";
import { EngineProcess, freePort } from "./process.ts";
import { generateRequest, type LogitBias, tokensOf, withoutPadding } from "./request.ts";

export interface GrpcEngineOptions {
  readonly model: Model;
  /** The tokenizer's entries: ids from here on are the engine's padding, and mean nothing. */
  readonly vocabulary: number;
  readonly start: EngineStart;
  /** The Python that has the engine and its gRPC servicer. */
  readonly python: string;
  /** Flags after those of `start`, which they replace where they are the same. */
  readonly flags: readonly string[];
  readonly slots: number;
  readonly log: Log;
  /** Aborted when the worker stops: a start under way is given up. */
  readonly signal: AbortSignal;
}

/** Weights of tens of gigabytes are read from a network. */
const START_MS = 30 * 60_000;
const HEALTH_INTERVAL_MS = 1000;
const HEALTH_TIMEOUT_MS = 5000;
/** An engine that is busy may miss one answer; one that misses these is gone. */
const MISSED_ANSWERS = 3;

/** Starts the engine, waits until it answers and checks that it is the right one. Fails with a sentence. */
export async function startGrpcEngine(options: GrpcEngineOptions): Promise<Result<Engine, string>> {
  const { model, start, python, flags, log, signal } = options;
  const port = await freePort();
  const address = ["--host", "127.0.0.1", "--port", String(port)];
  const engineProcess = new EngineProcess(
    { python, module: start.module, flags: [...start.flags, ...flags, ...address], env: start.env },
    log,
  );
  const stop = () => engineProcess.kill();
  signal.addEventListener("abort", stop, { once: true });
  const client = connect(port);
  let dead = false;
  const died = engineProcess.ended.then((reason) => {
    dead = true;
    return fail(reason);
  });
  const usable = await Promise.race([died, bringUp(client, model, () => dead)]);
  signal.removeEventListener("abort", stop);
  if (!usable.ok || signal.aborted) {
    await engineProcess.stop();
    return usable.ok ? fail("the worker is stopping") : usable;
  }
  const { milliseconds, rows } = usable.value;
  log("info", "engine_started", { port, milliseconds });
  return ok(new GrpcEngine(client, engineProcess, rows, options));
}

interface BroughtUp {
  /** Until the engine was up and had passed its checks. */
  readonly milliseconds: number;
  /** Ids that it can sample. */
  readonly rows: number;
}

async function bringUp(
  client: EngineClient,
  model: Model,
  dead: () => boolean,
): Promise<Result<BroughtUp, string>> {
  const begun = performance.now();
  while (!(await healthy(client))) {
    if (dead()) return fail("it ended");
    if (performance.now() - begun > START_MS) return fail("it did not come up in time");
    await sleep(HEALTH_INTERVAL_MS / 2);
  }
  try {
    const checked = await checkEngine(client, model);
    if (!checked.ok) return checked;
    return ok({ milliseconds: Math.round(performance.now() - begun), rows: checked.value });
  } catch (error) {
    return fail(`it fails the first requests: ${ConnectError.from(error).message}`);
  }
}

async function healthy(client: EngineClient): Promise<boolean> {
  try {
    return (await client.healthCheck({}, { timeoutMs: HEALTH_TIMEOUT_MS })).healthy;
  } catch {
    return false;
  }
}

class GrpcEngine implements Engine {
  readonly slots: number;
  readonly lost: Promise<string>;
  readonly #client: EngineClient;
  readonly #process: EngineProcess;
  readonly #model: Model;
  readonly #logitBias: LogitBias;
  readonly #log: Log;
  #inFlight = 0;
  #steps = 0;
  #imagesEncoded = 0;
  #imagesReused = 0;
  #closing = false;

  constructor(
    client: EngineClient,
    engineProcess: EngineProcess,
    rows: number,
    { slots, model, vocabulary, log }: GrpcEngineOptions,
  ) {
    this.slots = slots;
    this.#client = client;
    this.#process = engineProcess;
    this.#model = model;
    this.#logitBias = withoutPadding(vocabulary, rows);
    this.#log = log;
    this.lost = Promise.race([engineProcess.ended, this.#watch()]);
  }

  generate(request: EngineRequest, signal: AbortSignal): Generation {
    const clock = new Clock();
    return { steps: this.#decode(request, signal, clock), timings: () => clock.timings() };
  }

  /** The worker's own count: the engine's lags behind, and is zero before its first step. */
  load() {
    return {
      running: Math.min(this.#inFlight, this.slots),
      waiting: Math.max(0, this.#inFlight - this.slots),
    };
  }

  counters() {
    return { steps: this.#steps, imagesEncoded: this.#imagesEncoded, imagesReused: this.#imagesReused };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#process.stop();
  }

  async *#decode(request: EngineRequest, signal: AbortSignal, clock: Clock): AsyncGenerator<EngineStep> {
    const id = `${request.id}/${randomUUID()}`;
    const leave = new AbortController();
    const cancel = () => leave.abort();
    signal.addEventListener("abort", cancel, { once: true });
    this.#inFlight += 1;
    let ended = false;
    try {
      signal.throwIfAborted();
      const sent = generateRequest(id, request, this.#model, this.#logitBias);
      for await (const { response } of this.#client.generate(sent, { signal: leave.signal })) {
        if (signal.aborted) return;
        if (response.case === "chunk") {
          if (clock.first()) this.#countImages(sent, response.value.cachedTokens);
          clock.step();
          this.#steps += 1;
          const step = tokensOf(response.value, request, this.#logitBias);
          if (step.ids.length > 0) yield step;
        } else if (response.case === "complete") {
          const { finishReason } = response.value;
          ended = true;
          if (finishReason === "stop" || finishReason === "length")
            yield { type: "end", reason: finishReason };
          else yield { type: "failed", message: `The engine ended the request with ${finishReason}.` };
          return;
        }
      }
      yield { type: "failed", message: "The engine ended the stream without an end." };
    } catch (error) {
      if (signal.aborted) return;
      this.#log("error", "engine_failed", {
        request: request.id,
        error: ConnectError.from(error).message.slice(0, 300),
      });
      const lost = !this.#process.running || !(await healthy(this.#client));
      yield lost
        ? { type: "lost", message: "The engine was lost." }
        : { type: "failed", message: "The engine could not go on with this request." };
    } finally {
      signal.removeEventListener("abort", cancel);
      if (!ended) {
        leave.abort();
        await this.#abort(id);
      }
      this.#inFlight -= 1;
    }
  }

  /** Cancelling a stream ends the request too; an abort also reaches one that the engine has not answered yet. */
  async #abort(id: string): Promise<void> {
    if (!this.#process.running) return;
    try {
      await this.#client.abort({ requestIds: [id] }, { timeoutMs: HEALTH_TIMEOUT_MS });
    } catch (error) {
      this.#log("warn", "engine_abort_failed", { error: ConnectError.from(error).message.slice(0, 300) });
    }
  }

  /** Images that lie within the part of the prompt that the engine still had need no encoding. */
  #countImages({ mmInputs }: ReturnType<typeof generateRequest>, cachedTokens: number): void {
    for (const { offset = 0, length = 0 } of mmInputs?.mmPlaceholders ?? []) {
      if (offset + length <= cachedTokens) this.#imagesReused += 1;
      else this.#imagesEncoded += 1;
    }
  }

  /** Settles when the engine says that it is dead, or says nothing any more. */
  async #watch(): Promise<string> {
    for (let missed = 0; missed < MISSED_ANSWERS; ) {
      await sleep(HEALTH_INTERVAL_MS);
      if (this.#closing || !this.#process.running) return this.#process.ended;
      try {
        const { healthy } = await this.#client.healthCheck({}, { timeoutMs: HEALTH_TIMEOUT_MS });
        if (!healthy) return "it says that it is not healthy";
        missed = 0;
      } catch {
        missed += 1;
      }
    }
    return "it does not answer";
  }
}

/** The engine tells its times of queue, vision and prefill as one: until the first token. */
class Clock {
  readonly #begun = performance.now();
  #first: number | undefined;
  #last = this.#begun;

  /** Whether no token has come yet. */
  first(): boolean {
    return this.#first === undefined;
  }

  step(): void {
    this.#last = performance.now();
    this.#first ??= this.#last;
  }

  timings(): EngineTimings {
    const first = this.#first ?? this.#last;
    return { queueMs: 0, visionMs: 0, prefillMs: first - this.#begun, decodeMs: this.#last - first };
  }
}
