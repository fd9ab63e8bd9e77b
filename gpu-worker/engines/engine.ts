/** What an inference engine does for the worker, whichever it is. */
import type { FrameImage, Sampling } from "../../core/frame.ts";
import type { PromptPiece } from "../../core/tokenizer.ts";

/** One image of a request; its sizes have been checked against the model's geometry. */
export interface EngineImage {
  readonly frame: FrameImage;
  /** The base view, then the grid view without padding; 8-bit RGB. */
  readonly pixels: Uint8Array;
}

export interface EngineRequest {
  readonly id: string;
  /** Keeps the engine's caches apart between customers. */
  readonly namespace: string;
  readonly prompt: readonly PromptPiece[];
  readonly images: readonly EngineImage[];
  readonly sampling: Pick<
    Sampling,
    "maxTokens" | "temperature" | "topP" | "seed" | "topLogprobs" | "jsonSchema"
  >;
  /** Ids at which the engine ends; they are never among its tokens. */
  readonly endIds: readonly number[];
}

/** The engine's own times in milliseconds. */
export interface EngineTimings {
  readonly queueMs: number;
  readonly visionMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

/** An id and the natural logarithm of its probability, before temperature and top_p. */
export interface IdLogprob {
  readonly id: number;
  readonly logprob: number;
}

export interface SampledLogprob extends IdLogprob {
  /** The likeliest in its place, likeliest first. */
  readonly top: readonly IdLogprob[];
}

export type EngineStep =
  /** Ids decoded since the last step, with one logprob each where the request asks for them. */
  | {
      readonly type: "tokens";
      readonly ids: readonly number[];
      readonly logprobs?: readonly SampledLogprob[] | undefined;
    }
  | { readonly type: "end"; readonly reason: "stop" | "length" }
  /** The sequence cannot go on; the engine itself may. */
  | { readonly type: "failed"; readonly message: string }
  /** The engine itself has died; another may still answer. */
  | { readonly type: "lost"; readonly message: string };

export interface Generation {
  /**
   * The steps up to `end`, `failed` or `lost`; none further once the signal aborts. Stopping the iteration frees the
   * sequence too.
   */
  readonly steps: AsyncIterable<EngineStep>;
  /** The times so far. */
  timings(): EngineTimings;
}

/** Counts since the engine's start. */
export interface EngineCounters {
  /** Decoding steps, over all sequences. */
  readonly steps: number;
  readonly imagesEncoded: number;
  /** Images whose features were still known from an earlier request. */
  readonly imagesReused: number;
}

export interface EngineLoad {
  readonly running: number;
  readonly waiting: number;
}

export interface Engine {
  /** Requests it decodes at once. */
  readonly slots: number;
  /** Puts a request in line. Within one step of the signal's abort the sequence is out of the engine. */
  generate(request: EngineRequest, signal: AbortSignal): Generation;
  load(): EngineLoad;
  counters(): EngineCounters;
  /**
   * Settles with the reason once the engine can answer nothing any more; an engine within the worker's process has
   * none.
   */
  readonly lost?: Promise<string>;
  close(): Promise<void>;
}
