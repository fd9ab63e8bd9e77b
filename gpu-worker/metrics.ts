/** The worker's counters and histograms, in Prometheus' text format (version 0.0.4). */
import { type WorkerState, workerState } from "../core/heartbeat.ts";
import type { EngineCounters, EngineLoad } from "./engines/engine.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

class Histogram {
  readonly #buckets = SECONDS.map(() => 0);
  #sum = 0;
  #count = 0;

  observe(seconds: number): void {
    SECONDS.forEach((bound, index) => {
      if (seconds <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    });
    this.#sum += seconds;
    this.#count += 1;
  }

  lines(name: string): string[] {
    return [
      ...SECONDS.map((bound, index) => `${name}_bucket{le="${bound}"} ${this.#buckets[index]}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

/** How a request ended. */
export type Outcome = "done" | "failed" | "aborted" | "refused";

export class Metrics {
  readonly #requests: Record<Outcome, number> = { done: 0, failed: 0, aborted: 0, refused: 0 };
  imageTokens = 0;
  textTokens = 0;
  outputTokens = 0;
  /** Images of frames, by whether their pixels came or were kept from before. */
  readonly pixels = { sent: 0, kept: 0 };
  /** Requests whose caller left before the end. */
  aborts = 0;
  /** Engines that died or fell silent and were started again. */
  enginesLost = 0;
  /** From a request's arrival to its first token, in seconds. */
  readonly timeToFirstToken = new Histogram();
  /** Between two tokens of one request, in seconds. */
  readonly timePerToken = new Histogram();

  request(outcome: Outcome): void {
    this.#requests[outcome] += 1;
  }

  /** All metrics as text. */
  render(
    state: WorkerState,
    load: EngineLoad & { readonly slots: number },
    counters: EngineCounters,
  ): string {
    const metric = (name: string, type: string, help: string, lines: readonly string[]) => [
      `# HELP tessera_${name} ${help}`,
      `# TYPE tessera_${name} ${type}`,
      ...lines.map((line) => `tessera_${line}`),
    ];
    const single = (name: string, type: string, help: string, value: number) =>
      metric(name, type, help, [`${name} ${value}`]);
    const outcomes = Object.entries(this.#requests);
    return [
      metric(
        "requests_total",
        "counter",
        "Requests by outcome.",
        outcomes.map(([outcome, count]) => `requests_total{outcome="${outcome}"} ${count}`),
      ),
      single("aborts_total", "counter", "Requests whose caller left before the end.", this.aborts),
      single("running", "gauge", "Requests in the engine.", load.running),
      single("waiting", "gauge", "Requests in line.", load.waiting),
      single("slots", "gauge", "Requests that the engine decodes at once.", load.slots),
      single("engines_lost_total", "counter", "Engines that were lost and started again.", this.enginesLost),
      single("engine_steps_total", "counter", "Decoding steps of the engine.", counters.steps),
      metric("images_total", "counter", "Images by how the engine came by their features.", [
        `images_total{features="encoded"} ${counters.imagesEncoded}`,
        `images_total{features="reused"} ${counters.imagesReused}`,
      ]),
      metric("pixels_total", "counter", "Images of frames by where their pixels were.", [
        `pixels_total{pixels="sent"} ${this.pixels.sent}`,
        `pixels_total{pixels="kept"} ${this.pixels.kept}`,
      ]),
      metric("input_tokens_total", "counter", "Prompt tokens by kind.", [
        `input_tokens_total{kind="image"} ${this.imageTokens}`,
        `input_tokens_total{kind="text"} ${this.textTokens}`,
      ]),
      single("output_tokens_total", "counter", "Tokens decoded.", this.outputTokens),
      metric(
        "time_to_first_token_seconds",
        "histogram",
        "From arrival to the first token.",
        this.timeToFirstToken.lines("time_to_first_token_seconds"),
      ),
      metric(
        "time_per_token_seconds",
        "histogram",
        "Between two tokens of a request.",
        this.timePerToken.lines("time_per_token_seconds"),
      ),
      metric(
        "state",
        "gauge",
        "1 for the state that the worker is in.",
        workerState.options.map((option) => `state{state="${option}"} ${option === state ? 1 : 0}`),
      ),
    ]
      .flat()
      .join("\n")
      .concat("\n");
  }
}
