/**
 * A request that lives with its connection: held for, answered while the client listens, and settled for what was
 * produced, also when the client leaves in the middle.
 */
import { charge } from "../../core/price.ts";
import { type CacheVerdict, RECEIPT_HEADER, receiptIdOf } from "../../core/receipt.ts";
import type { Answer } from "../account/job-contract.ts";
import { emptyEnd, type RequestEnd } from "../account/receipts.ts";
import { accountError, type Caller } from "../auth/caller.ts";
import { type CacheDirectives, cacheStatus } from "../cache/directives.ts";
import { lookUp, writeResult } from "../cache/results.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { generate } from "../generate/generate.ts";
import { partialCharge } from "../generate/partial-charge.ts";
import { factsOf } from "../receipts/facts.ts";
import { toSeconds } from "../seconds.ts";
import type { Accepted, AnswerEvent } from "./accepted.ts";
import type { Question } from "./prepare.ts";
import { Transcript } from "./transcript.ts";
import { completionId } from "./wire.ts";

/** From the request's arrival to its last token, in milliseconds; the client leaves sooner or is told. */
export const ATTACHED_DEADLINE_MS = 120_000;
/** A hold outlives its request by more than the minute (`SETTLE_WINDOW_MS`) in which a worker's report counts. */
const HOLD_GRACE_MS = 90_000;
/** How often a request may move to another worker before it has shown anything. */
const RETRIES = 2;

interface AttachedRequest {
  readonly caller: Caller;
  readonly question: Question;
  /** SHA-256 of the request's body. */
  readonly requestHash: string;
  readonly cache: CacheDirectives;
  readonly trace: string | null;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  readonly background: (work: Promise<unknown>) => void;
}

/** One that has its job's id. */
interface Attached extends AttachedRequest {
  readonly job: string;
}

/** Looks the answer up, then holds its worst case. Throws when the account refuses; then nothing is held. */
export async function acceptAttached(env: Env, asked: AttachedRequest): Promise<Accepted> {
  const request = { ...asked, job: completionId() };
  const { caller, question, cache } = request;
  const { verdict, answer, key } = await lookUp(env.RESULTS, caller.account, question, cache);
  const reserved = await caller.object.reserve({
    keyHash: caller.keyHash,
    job: request.job,
    amount: answer ? question.plan.price.cacheHit : question.plan.maxCharge,
    expiresAt: Date.now() + ATTACHED_DEADLINE_MS + HOLD_GRACE_MS,
    facts: factsOf(question, request.requestHash),
  });
  if (!reserved.ok) throw accountError(reserved.error);
  caller.note(reserved.value);
  return {
    completion: { id: request.job, created: toSeconds(Date.now()), model: question.model.id },
    headers: { "cache-status": cacheStatus(verdict), [RECEIPT_HEADER]: receiptIdOf(request.job) },
    events: answer ? replay(request, answer) : run(env, request, verdict, cache.write ? key : null),
  };
}

async function* replay(request: Attached, answer: Answer): AsyncGenerator<AnswerEvent, void, void> {
  const { text, usage } = answer;
  const cost = request.question.plan.price.cacheHit;
  await settle(request, 1, cost, { status: "succeeded", text, usage, cache: "hit", timings: null });
  yield { type: "text", text: answer.text, logprobs: answer.logprobs };
  yield { type: "end", answer, charge: cost, timings: null };
}

async function* run(
  env: Env,
  request: Attached,
  cache: CacheVerdict,
  key: string | null,
): AsyncGenerator<AnswerEvent, void, void> {
  const { question, signal } = request;
  const { model, plan } = question;
  const said = new Transcript();
  let produced = 0;
  let attempt = 1;
  let settled = false;
  try {
    const generation = generate(env, {
      account: request.caller.account,
      job: request.job,
      attempt: 1,
      retries: RETRIES,
      model,
      messages: question.messages,
      images: question.images,
      sampling: question.sampling,
      most: plan.most,
      deadline: Date.now() + ATTACHED_DEADLINE_MS,
      trace: request.trace,
      claim: { account: request.caller.account, job: request.job, price: plan.price, cache },
      signal,
      background: request.background,
    });
    for await (const event of generation) {
      if (event.type === "queued") {
        yield event;
      } else if (event.type === "granted") {
        attempt = event.attempt;
        if (attempt > 1 && !(await request.caller.object.supersede({ job: request.job, attempt }))) {
          throw new ApiError("worker_lost", "The worker that was answering this request was lost.");
        }
        yield event;
      } else if (event.type === "token") {
        produced += event.count;
        const part = said.add(event);
        if (part) yield part;
      } else {
        const { text } = said;
        const answer: Answer = { ...said.whole(), finishReason: event.finishReason, usage: event.usage };
        const cost = charge(plan.price, event.usage);
        const [counts] = await Promise.all([
          settle(request, attempt, cost, {
            status: "succeeded",
            text,
            usage: event.usage,
            cache,
            timings: event.timings,
          }),
          key === null ? undefined : writeResult(env.RESULTS, key, answer),
        ]);
        settled = true;
        // An answer that did not count leaves nothing behind: the account may be gone.
        if (!counts && key !== null) await env.RESULTS.delete(key);
        yield { type: "end", answer, charge: cost, timings: event.timings };
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      if (!(error instanceof ApiError)) {
        console.error(
          JSON.stringify({ event: "generation_failed", job: request.job, reason: String(error) }),
        );
      }
      await settle(request, attempt, 0, { ...emptyEnd("failed"), cache });
      settled = true;
    }
    throw error;
  } finally {
    // The client left: the engine has been told to stop, and what it produced until then is paid.
    if (!settled) {
      const partial = partialCharge(plan.price, plan.most, produced);
      await settle(request, attempt, partial.charge, {
        ...emptyEnd("canceled"),
        usage: partial.usage,
        cache,
      });
    }
  }
}

async function settle(
  { caller, job }: Attached,
  attempt: number,
  charge: number,
  end: RequestEnd,
): Promise<boolean> {
  return caller.object.settle({ job, attempt, charge, end });
}
