import type { EngineRequest, EngineStep, EngineTimings, SampledLogprob } from "../engine.ts";
import { type Random, seededRandom } from "./random.ts";

/** One request on its way through the engine, and the steps that its reader has not taken yet. */
export class Sequence {
  readonly request: EngineRequest;
  readonly signal: AbortSignal;
  readonly random: Random;
  /** Features of the images encoded so far. */
  readonly features: Float32Array[] = [];
  /** Tokens decoded, the end token left out. */
  produced = 0;
  lastId = 0;
  left = false;
  readonly #created = performance.now();
  readonly #steps: EngineStep[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #milliseconds = { queueMs: 0, visionMs: 0, prefillMs: 0, decodeMs: 0 };
  #decodeStart: number | undefined;

  constructor(request: EngineRequest, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    const seed = request.sampling.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    this.random = seededRandom(seed);
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  get gone(): boolean {
    return this.left || this.signal.aborted;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Notes that the sequence has left the line. */
  started(): void {
    this.#milliseconds.queueMs = performance.now() - this.#created;
  }

  /** Runs one stage and adds its time. */
  async timed<Value>(stage: "visionMs" | "prefillMs", work: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    const value = await work();
    this.#milliseconds[stage] += performance.now() - start;
    return value;
  }

  /** Takes a decoded id: gives it to the reader, and ends the sequence where it must end. */
  accept(id: number, logprob?: SampledLogprob): void {
    const { endIds, sampling } = this.request;
    this.#decodeStart ??= performance.now();
    this.#milliseconds.decodeMs = performance.now() - this.#decodeStart;
    if (endIds.includes(id)) {
      this.finish({ type: "end", reason: "stop" });
      return;
    }
    this.produced += 1;
    this.lastId = id;
    this.#push({ type: "tokens", ids: [id], logprobs: logprob && [logprob] });
    if (this.produced >= sampling.maxTokens) this.finish({ type: "end", reason: "length" });
  }

  finish(step: Extract<EngineStep, { type: "end" | "failed" }>): void {
    this.#ended = true;
    this.#push(step);
  }

  timings(): EngineTimings {
    return { ...this.#milliseconds };
  }

  async *steps(): AsyncGenerator<EngineStep> {
    try {
      while (!this.gone) {
        const step = this.#steps.shift();
        if (step) {
          yield step;
          if (step.type !== "tokens") return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.left = true;
    }
  }

  #push(step: EngineStep): void {
    this.#steps.push(step);
    this.#wake?.();
  }
}
