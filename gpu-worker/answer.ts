/** From an engine's tokens to the events of the wire: text, stop strings, usage, end. The same for every engine. */
import type { FinishReason, WorkerEvent } from "../core/events.ts";
import type { TokenLogprob } from "../core/logprobs.ts";
import { TextStream } from "../core/text-stream.ts";
import type { Tokenizer } from "../core/tokenizer.ts";
import type { StopCause } from "./active-jobs.ts";
import type { Engine, EngineStep, SampledLogprob } from "./engines/engine.ts";
import { repeatsEndlessly } from "./repetition.ts";
import type { Job } from "./validate.ts";

const STOPPED: Record<Exclude<StopCause, "client_left">, string> = {
  deadline_exceeded: "The frame's deadline passed.",
  worker_draining: "The worker is shutting down.",
};

/** The tokens, at most, over which a character's bytes may be spread. */
const TOKENS_OF_A_CHARACTER = 4;

/** With their alternatives these many stay far below the longest line that the edge reads. */
const MOST_LOGPROBS_OF_AN_EVENT = 32;

/**
 * The events after `accepted`. Each step's token event carries its ids, whether or not text is ready, so the ids of all
 * events together are the output tokens: everything that the model decoded except its end token, tokens of the caller's
 * stop strings included. A step whose probabilities would make too long a line becomes several events, its text with
 * the last. Usage comes before `done` and before `error`. When `signal` aborts because the client left, the events end
 * at once.
 *
 * An id outside of the vocabulary, or one without the probability that was asked for, ends the answer with an error. So
 * does an answer without a visible character, or one that was cut off in endless repetition.
 */
export async function* answer(
  job: Job,
  engine: Engine,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): AsyncGenerator<WorkerEvent> {
  const stream = new TextStream(tokenizer, job.stop);
  const generation = engine.generate(job.request, signal);
  const output: number[] = [];
  let isVisible = false;
  const usage = (): WorkerEvent => {
    const { imageTokens, textTokens } = job;
    return { type: "usage", usage: { imageTokens, textTokens, outputTokens: output.length } };
  };
  const done = (finishReason: FinishReason): WorkerEvent => ({
    type: "done",
    finishReason,
    timings: { ...generation.timings() },
  });

  for await (const step of generation.steps) {
    const wrong = step.type === "tokens" ? wrongStep(step, job, tokenizer) : undefined;
    if (wrong) {
      yield usage();
      yield { type: "error", code: "engine_failed", message: wrong };
      return;
    }
    if (step.type === "tokens") {
      const ids: number[] = [];
      let text = "";
      let stopped = false;
      for (const id of step.ids) {
        const pushed = stream.push(id);
        ids.push(id);
        text += pushed.text;
        stopped = pushed.stopped;
        if (stopped) break;
      }
      output.push(...ids);
      isVisible ||= text.trim() !== "";
      const logprobs = step.logprobs?.slice(0, ids.length).map((each) => readable(each, tokenizer));
      yield* tokenEvents(text, ids, logprobs);
      if (stopped) {
        yield usage();
        yield done("stop");
        return;
      }
    } else if (step.type === "end") {
      const text = stream.end();
      isVisible ||= text.trim() !== "";
      if (text !== "") yield { type: "token", text, ids: [] };
      yield usage();
      if (step.reason === "length" && repeatsEndlessly(output)) {
        yield { type: "error", code: "endless_repetition", message: "The model repeated itself to the end." };
      } else if (!isVisible && !(step.reason === "length" && output.length <= TOKENS_OF_A_CHARACTER)) {
        yield { type: "error", code: "empty_output", message: "The model gave no visible character." };
      } else yield done(step.reason);
      return;
    } else {
      yield usage();
      const code = step.type === "lost" ? "engine_lost" : "engine_failed";
      yield { type: "error", code, message: step.message };
      return;
    }
  }

  const cause = signal.aborted ? stopCause(signal) : undefined;
  if (cause && cause !== "client_left") {
    yield usage();
    yield { type: "error", code: cause, message: STOPPED[cause] };
  }
}

function* tokenEvents(
  text: string,
  ids: readonly number[],
  logprobs: readonly TokenLogprob[] | undefined,
): Generator<WorkerEvent> {
  if (!logprobs) {
    yield { type: "token", text, ids: [...ids] };
    return;
  }
  for (let from = 0; from < ids.length; from += MOST_LOGPROBS_OF_AN_EVENT) {
    const to = from + MOST_LOGPROBS_OF_AN_EVENT;
    yield {
      type: "token",
      text: to < ids.length ? "" : text,
      ids: ids.slice(from, to),
      logprobs: logprobs.slice(from, to),
    };
  }
}

/** What an engine must not have said. */
function wrongStep(
  { ids, logprobs }: Extract<EngineStep, { type: "tokens" }>,
  { request }: Job,
  { size }: Tokenizer,
): string | undefined {
  if (ids.some((id) => !(id >= 0 && id < size))) return "The engine gave an id outside the vocabulary.";
  if (request.sampling.topLogprobs === undefined) return undefined;
  const complete =
    logprobs?.length === ids.length &&
    logprobs.every(
      ({ id, logprob, top }, index) =>
        id === ids[index] && [logprob, ...top.map((each) => each.logprob)].every(Number.isFinite),
    );
  return complete ? undefined : "The engine gave an id without its probability.";
}

function readable({ id, logprob, top }: SampledLogprob, tokenizer: Tokenizer): TokenLogprob {
  return {
    ...named(id, logprob, tokenizer),
    top: top.map((each) => named(each.id, each.logprob, tokenizer)),
  };
}

function named(id: number, logprob: number, tokenizer: Tokenizer) {
  const bytes = tokenizer.bytes(id);
  const token = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return {
    token,
    ...(token.includes("\ufffd") && { bytes: [...bytes] }),
    // What float32 holds of it; a sum rather than a product, so that there is no negative zero.
    logprob: Math.round(logprob * 1e6) / 1e6 + 0,
  };
}

/** Why `ActiveJobs` aborted a signal. */
export function stopCause(signal: AbortSignal): StopCause | undefined {
  const reason: unknown = signal.reason;
  return reason === "client_left" || reason === "deadline_exceeded" || reason === "worker_draining"
    ? reason
    : undefined;
}
