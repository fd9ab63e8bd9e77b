/**
 * A request under an idempotency key: stored, so that it runs to its end whether or not its client stays. The client
 * that brought it watches it run; whoever asks again while it runs is told to come back, and then gets the stored
 * answer.
 */
import { RECEIPT_HEADER, receiptIdOf } from "../../core/receipt.ts";
import type { JobRecord } from "../account/job-contract.ts";
import type { Caller } from "../auth/caller.ts";
import { cacheStatus } from "../cache/directives.ts";
import type { Env } from "../env.ts";
import { ApiError, DO_NOT_RETRY, isErrorCode, retryAfter } from "../errors.ts";
import { noWorker } from "../generate/generate.ts";
import { isServed } from "../generate/ready.ts";
import { acceptStored, type Stored } from "../jobs/accept.ts";
import type { JobEvent } from "../jobs/contract.ts";
import { completionOf } from "../jobs/wire.ts";
import type { Accepted, AnswerEvent } from "./accepted.ts";
import { ATTACHED_DEADLINE_MS } from "./attached.ts";

/** How soon a client asks again for an answer that is on its way, in milliseconds: longer than most answers take. */
const ASK_AGAIN_MS = 1_000;

/** Stores the request and watches it, or shows what its key stands for already. Throws when the account refuses. */
export async function acceptWatched(env: Env, request: Stored, signal: AbortSignal): Promise<Accepted> {
  const { model } = request.question;
  // Whoever waits for an answer is not made to wait for a worker that nobody has started.
  if (!(await isServed(env, model))) throw noWorker(model);
  const { record, replayed, verdict } = await acceptStored(env, request);
  if (replayed) return replay(record);
  const headers = { "cache-status": cacheStatus(verdict), [RECEIPT_HEADER]: receiptIdOf(record.id) };
  return { completion: completionOf(record), headers, events: watch(env, request.caller, record, signal) };
}

/** The stored answer of a job that has ended. Throws when there is none, or none yet. */
export function replay(record: JobRecord): Accepted {
  if (record.finishedAt === null) throw stillRunning(record);
  const headers = {
    ...replayedHeaders(true),
    [RECEIPT_HEADER]: receiptIdOf(record.id),
    ...(record.cache && { "cache-status": cacheStatus(record.cache) }),
  };
  async function* events(): AsyncGenerator<AnswerEvent, void, void> {
    if (record.answer) yield { type: "text", text: record.answer.text, logprobs: record.answer.logprobs };
    yield endOf(record);
  }
  return { completion: completionOf(record), headers, events: events() };
}

export function replayedHeaders(replayed: boolean): Record<string, string> {
  return replayed ? { "idempotent-replayed": "true" } : {};
}

async function* watch(
  env: Env,
  caller: Caller,
  record: JobRecord,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent, void, void> {
  const run = env.JOB_RUN.get(env.JOB_RUN.idFromName(record.id));
  const bell = { account: caller.account, job: record.id };
  let ended: JobRecord | undefined;
  const events = new ReadableStream<JobEvent>({
    start(controller) {
      const lose = () => controller.error(stillRunning(record));
      AbortSignal.any([signal, AbortSignal.timeout(ATTACHED_DEADLINE_MS)]).addEventListener("abort", lose);
      run
        .watch(bell, (event) => controller.enqueue(event))
        .then((outcome) => {
          ended = outcome;
          controller.close();
        })
        .catch(lose);
    },
  });
  for await (const event of events) yield event;
  if (!ended) throw stillRunning(record);
  yield endOf(ended);
}

function endOf({ answer, charge, failure, state }: JobRecord): AnswerEvent {
  if (answer) return { type: "end", answer, charge, timings: null };
  if (state === "canceled") {
    throw new ApiError("job_canceled", "The request was canceled.", { headers: DO_NOT_RETRY });
  }
  throw failure && isErrorCode(failure.code)
    ? new ApiError(failure.code, failure.message)
    : new Error("A job ended with neither answer nor reason.");
}

function stillRunning({ id }: JobRecord): ApiError {
  return new ApiError(
    "idempotency_key_in_use",
    "The request with this Idempotency-Key is still running; send it again for its answer.",
    { headers: { ...retryAfter(ASK_AGAIN_MS), location: `/v1/jobs/${id}` } },
  );
}
