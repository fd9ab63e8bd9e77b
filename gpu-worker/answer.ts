/** From an engine's tokens to the events of the wire: text, stop strings, usage, end. The same for every engine. */
import type { FinishReason, WorkerEvent } from "../core/events.ts";
import { TextStream } from "../core/text-stream.ts";
import type { Tokenizer } from "../core/tokenizer.ts";
import type { StopCause } from "./active-jobs.ts";
import type { Engine } from "./engines/engine.ts";
import { repeatsEndlessly } from "./repetition.ts";
import type { Job } from "./validate.ts";

const STOPPED: Record<Exclude<StopCause, "client_left">, string> = {
  deadline_exceeded: "The frame's deadline passed.",
  worker_draining: "The worker is shutting down.",
};

/** The tokens, at most, over which a character's bytes may be spread. */
const TOKENS_OF_A_CHARACTER = 4;

/**
 * The events after `accepted`. Each step's token event carries its ids, whether or not text is ready, so the ids of
 * all events together are the output tokens: everything that the model decoded except its end token, tokens of the
 * caller's stop strings included. Usage comes before `done` and before `error`. When `signal` aborts because the
 * client left, the events end at once.
 *
 * An id outside of the vocabulary ends the answer with an error. So does an answer without a visible character, or one
 * that was cut off in endless repetition.
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
    if (step.type === "tokens" && step.ids.some((id) => !(id >= 0 && id < tokenizer.size))) {
      yield usage();
      yield {
        type: "error",
        code: "engine_failed",
        message: "The engine gave an id outside the vocabulary.",
      };
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
      yield { type: "token", text, ids };
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

/** Why `ActiveJobs` aborted a signal. */
export function stopCause(signal: AbortSignal): StopCause | undefined {
  const reason: unknown = signal.reason;
  return reason === "client_left" || reason === "deadline_exceeded" || reason === "worker_draining"
    ? reason
    : undefined;
}
