import type { EngineLoad, EngineStep } from "../engine.ts";
import type { Graphs } from "./graphs.ts";
import { KeyValueCache } from "./key-value-cache.ts";
import { logprobs, sample } from "./sampler.ts";
import type { Sequence } from "./sequence.ts";

/** What the scheduler needs beyond the graphs: one image's features, and the embeddings of a whole prompt. */
export interface Preparation {
  encodeImage(sequence: Sequence, index: number): Promise<Float32Array>;
  embedPrompt(sequence: Sequence): Float32Array;
}

export interface SchedulerOptions {
  readonly slots: number;
  /** Ids from here on are never sampled. */
  readonly vocabulary: number;
  /** Tells the operator why a sequence failed. */
  readonly onFailure: (sequence: Sequence, error: unknown) => void;
}

/**
 * Shares the graphs among sequences. Every round does at most one stage of one new sequence (one image, or its
 * prefill) and then one decoding step of all running ones as one batch, so nobody waits longer than one stage.
 * Sequences whose reader is gone leave before the next call of a graph.
 */
export class Scheduler {
  readonly #graphs: Graphs;
  readonly #preparation: Preparation;
  readonly #options: SchedulerOptions;
  readonly #waiting: Sequence[] = [];
  #preparing: Sequence | undefined;
  /** The decoding sequences; row i of the cache is theirs in this order. */
  readonly #running: Sequence[] = [];
  readonly #cache: KeyValueCache;
  #loop: Promise<void> | undefined;
  #steps = 0;

  constructor(graphs: Graphs, preparation: Preparation, options: SchedulerOptions) {
    this.#graphs = graphs;
    this.#preparation = preparation;
    this.#options = options;
    this.#cache = new KeyValueCache(graphs.cacheShape, options.slots);
  }

  add(sequence: Sequence): void {
    this.#waiting.push(sequence);
    this.#loop ??= this.#run();
  }

  load(): EngineLoad {
    const decoding = this.#running.filter((sequence) => !sequence.gone).length;
    const preparing = this.#preparing && !this.#preparing.gone ? 1 : 0;
    return {
      running: decoding + preparing,
      waiting: this.#waiting.filter((sequence) => !sequence.gone).length,
    };
  }

  steps(): number {
    return this.#steps;
  }

  /** Settles when nothing is left to do. */
  async idle(): Promise<void> {
    await this.#loop;
  }

  async #run(): Promise<void> {
    // Let `add` note the loop first: the line below that forgets it must come later.
    await Promise.resolve();
    for (;;) {
      this.#dropEnded();
      this.#admit();
      if (!this.#preparing && this.#running.length === 0) break;
      if (this.#preparing) await this.#prepare(this.#preparing);
      this.#dropEnded();
      if (this.#running.length > 0) await this.#decode();
    }
    this.#loop = undefined;
  }

  #admit(): void {
    if (this.#preparing?.gone || this.#preparing?.ended) this.#preparing = undefined;
    while (!this.#preparing && this.#running.length < this.#options.slots) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.gone) continue;
      next.started();
      this.#preparing = next;
    }
  }

  /** One stage of a new sequence: its next image, or, with all of them encoded, its prefill. */
  async #prepare(sequence: Sequence): Promise<void> {
    try {
      const { images } = sequence.request;
      if (sequence.features.length < images.length) {
        const index = sequence.features.length;
        sequence.features.push(
          await sequence.timed("visionMs", () => this.#preparation.encodeImage(sequence, index)),
        );
      } else {
        await this.#prefill(sequence);
        this.#preparing = undefined;
      }
    } catch (error) {
      this.#fail([sequence], error);
      this.#preparing = undefined;
    }
  }

  async #prefill(sequence: Sequence): Promise<void> {
    const { logits, added } = await sequence.timed("prefillMs", () =>
      this.#graphs.prefill(this.#preparation.embedPrompt(sequence)),
    );
    this.#take(sequence, logits[0]);
    if (sequence.ended || sequence.gone) return;
    this.#cache.add(added);
    this.#running.push(sequence);
  }

  /** One token of every running sequence. */
  async #decode(): Promise<void> {
    try {
      const embeddings = this.#graphs.embed(this.#running.map((sequence) => sequence.lastId));
      const { logits, added } = await this.#graphs.decode(embeddings, this.#cache.view());
      this.#steps += 1;
      this.#cache.append(added);
      this.#running.forEach((sequence, row) => {
        this.#take(sequence, logits[row]);
      });
    } catch (error) {
      this.#fail(this.#running.splice(0), error);
      this.#cache.clear();
    }
  }

  #take(sequence: Sequence, logits: Float32Array | undefined): void {
    if (!logits) throw new Error("A row has no logits.");
    const { sampling } = sequence.request;
    const entries = logits.subarray(0, this.#options.vocabulary);
    const id = sample(entries, sampling, sequence.random);
    if (id.ok) {
      const { topLogprobs: count } = sampling;
      sequence.accept(id.value, count === undefined ? undefined : logprobs(entries, id.value, count));
    } else this.#fail([sequence], new Error("The model's logits are not numbers."));
  }

  /** Frees the rows of sequences that have ended or whose reader is gone. */
  #dropEnded(): void {
    for (let row = this.#running.length - 1; row >= 0; row -= 1) {
      const sequence = this.#running[row];
      if (!sequence?.gone && !sequence?.ended) continue;
      this.#cache.remove(row);
      const last = this.#running.pop();
      if (last && row < this.#running.length) this.#running[row] = last;
    }
  }

  #fail(sequences: readonly Sequence[], error: unknown): void {
    const step: EngineStep = { type: "failed", message: "The engine could not go on with this request." };
    for (const sequence of sequences) {
      sequence.finish(step);
      this.#options.onFailure(sequence, error);
    }
  }
}
