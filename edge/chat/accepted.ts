/** An accepted request, however it runs: what the route shows of it. */
import type { TokenLogprob } from "../../core/logprobs.ts";
import type { Answer } from "../account/job-contract.ts";
import type { Timings } from "../generate/generate.ts";

/** How a completion is named in every form of its answer. */
export interface Completion {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

/**
 * A part of the answer: text that is ready, which may be none, and the probabilities of the tokens decoded, if asked
 * for.
 */
export interface Said {
  readonly type: "text";
  readonly text: string;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}

export type AnswerEvent =
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  /** A worker has been found. */
  | { readonly type: "granted"; readonly attempt: number }
  | Said
  /** A stored request runs again: the text so far is not the answer's. */
  | { readonly type: "reset"; readonly attempt: number }
  /** `charge` in micro-credits; no timings for an answer that was there before. */
  | {
      readonly type: "end";
      readonly answer: Answer;
      readonly charge: number;
      readonly timings: Timings | null;
    };

/** Its money is held, and its events are ready to be read. Read them to the end or return them. */
export interface Accepted {
  readonly completion: Completion;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: AsyncGenerator<AnswerEvent, void, void>;
}
