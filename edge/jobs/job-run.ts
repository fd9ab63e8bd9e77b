import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import { findModel } from "../../core/models.ts";
import { charge } from "../../core/price.ts";
import type { CacheVerdict } from "../../core/receipt.ts";
import type { Account } from "../account/account.ts";
import type { Answer, Attempt, JobRecord, Outcome } from "../account/job-contract.ts";
import { readResult, writeResult } from "../cache/results.ts";
import { Transcript } from "../chat/transcript.ts";
import type { Env } from "../env.ts";
import { deleteObjects } from "../erasure/stores.ts";
import { ApiError, asApiError } from "../errors.ts";
import { generate } from "../generate/generate.ts";
import { partialCharge } from "../generate/partial-charge.ts";
import { isReady } from "../generate/ready.ts";
import type { ResolvedImage } from "../images/resolve.ts";
import type { JobListener, JobRunApi } from "./contract.ts";
import { type Doorbell, doorbell } from "./doorbell.ts";
import {
  jobImageKey,
  jobImagePrefix,
  mostOf,
  needsOfStored,
  parseStoredQuestion,
  type StoredQuestion,
} from "./stored-question.ts";
import { Watchers } from "./watchers.ts";

/** How soon a job without a worker that takes it asks again, in milliseconds. */
const NO_WORKER_POLL_MS = 1_000;
/** An alarm handler may run 15 minutes; a pool call and the account's transaction must fit behind this. */
const MARGIN_MS = 5_000;

const runningAttempt = z.strictObject({ job: z.string(), attempt: z.int(), lease: z.string() });

/**
 * Failures of the way, not of the request: another attempt may succeed. So it may after a deadline that passed in the
 * line for a worker, but not after one that passed with a worker, which took too long.
 */
const RETRYABLE = new Set(["worker_lost", "no_worker", "internal_error"]);
const TOOK_TOO_LONG = new ApiError("deadline_exceeded", "The answer did not come in time.");

/** How far an attempt has come. */
interface Progress {
  hadWorker: boolean;
  tokens: number;
}

/**
 * Runs one stored job to its end. The alarm handler is what runs, so the platform starts it again after any crash; the
 * account's fence decides which attempt counts.
 */
export class JobRun extends DurableObject<Env> implements JobRunApi {
  readonly #watchers = new Watchers();
  /** The attempt that begins or runs. */
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  async start(bell: Doorbell): Promise<void> {
    await this.ctx.storage.put("bell", bell);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
  }

  async watch(bell: Doorbell, listener: JobListener): Promise<JobRecord> {
    const ended = this.#watchers.add(listener);
    await this.start(bell);
    return ended;
  }

  async cancel(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.ended;
  }

  override async alarm(): Promise<void> {
    const bell = doorbell.safeParse(await this.ctx.storage.get("bell"));
    if (bell.success) await this.#stoppable((stop) => this.#answerBell(bell.data, stop));
  }

  async #answerBell({ account, job }: Doorbell, stop: AbortSignal): Promise<void> {
    const object = this.env.ACCOUNT.get(this.env.ACCOUNT.idFromName(account));

    // Only this object runs this job, so an attempt on record is one that a crash has cut off.
    const interrupted = runningAttempt.safeParse(await this.ctx.storage.get("attempt"));
    if (interrupted.success) await object.abandonAttempt(interrupted.data);

    const queued = await object.queuedJob(job);
    if (
      queued &&
      !(await isReady(this.env, queued.model, { id: job, needs: needsOfStored(queued.request) }))
    ) {
      await this.ctx.storage.setAlarm(Date.now() + NO_WORKER_POLL_MS);
      return;
    }
    const attempt = queued && (await object.startAttempt(job));
    if (!attempt) {
      // It was canceled, or failed while it waited: nobody has run it who would have deleted its images.
      if (await this.#end(object, job)) await deleteObjects(this.env.IMAGES, jobImagePrefix(account, job));
      return;
    }
    this.#watchers.begin(attempt.attempt);
    await this.ctx.storage.put("attempt", { job, attempt: attempt.attempt, lease: attempt.lease });

    const request = parseStoredQuestion(attempt.request);
    const outcome = await this.#run(account, job, attempt, request, stop);
    // An answer that did not count leaves nothing behind: the account may be gone.
    if (outcome && !(await object.finish(outcome)) && request.cache?.write) {
      await this.env.RESULTS.delete(request.cache.key);
    }
    const given = { job, attempt: attempt.attempt, lease: attempt.lease };
    if (outcome || (await object.abandonAttempt(given))) {
      await this.env.IMAGES.delete(request.images.map((_, index) => jobImageKey(account, job, index)));
    }
    await this.#end(object, job);
  }

  /** Does what `cancel` may stop, and lets it wait for the end. */
  async #stoppable(work: (stop: AbortSignal) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const ended = Promise.withResolvers<void>();
    this.#running = { stop, ended: ended.promise };
    try {
      await work(stop.signal);
    } finally {
      this.#running = null;
      ended.resolve();
    }
  }

  /**
   * Forgets this attempt; true when the job has ended. Whoever watches learns the outcome, or waits for another
   * attempt.
   */
  async #end(account: DurableObjectStub<Account>, job: string): Promise<boolean> {
    await this.ctx.storage.deleteAll();
    const record = await account.endedJob(job);
    if (record) this.#watchers.end(record);
    return record !== null;
  }

  /** The attempt's outcome, or null when another attempt may do better. */
  async #run(
    account: string,
    job: string,
    attempt: Attempt,
    request: StoredQuestion,
    stop: AbortSignal,
  ): Promise<Outcome | null> {
    const ended = { job, attempt: attempt.attempt, lease: attempt.lease };
    const progress: Progress = { hadWorker: false, tokens: 0 };
    const outOfTime = AbortSignal.timeout(Math.max(0, endOf(attempt) - Date.now()));
    try {
      const signal = AbortSignal.any([stop, outOfTime]);
      const answered = await this.#answer(account, job, attempt, request, signal, progress);
      return { ...ended, ...answered, state: "succeeded", failure: null };
    } catch (error) {
      if (stop.aborted) {
        const partial = partialCharge(request.price, mostOf(request), progress.tokens);
        const rest = { answer: null, failure: null, cache: cacheVerdictOf(request), timings: null };
        return { ...ended, ...partial, ...rest, state: "canceled" };
      }
      // What a call throws that was cut does not say why.
      const { code, message } = outOfTime.aborted ? TOOK_TOO_LONG : asApiError(error);
      console.error(
        JSON.stringify({
          event: "attempt_failed",
          job,
          attempt: attempt.attempt,
          code,
          reason: String(error),
        }),
      );
      if (RETRYABLE.has(code) || (code === "deadline_exceeded" && !progress.hadWorker)) return null;
      const nothing = { charge: 0, answer: null, usage: null, cache: null, timings: null };
      return { ...ended, ...nothing, state: "failed", failure: { code, message } };
    }
  }

  async #answer(
    account: string,
    job: string,
    attempt: Attempt,
    request: StoredQuestion,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Pick<Outcome, "answer" | "charge" | "usage" | "cache" | "timings">> {
    const { cache } = request;
    const cached = request.cached ?? (cache?.read ? await readResult(this.env.RESULTS, cache.key) : null);
    if (cached) {
      this.#watchers.say({ type: "text", text: cached.text, logprobs: cached.logprobs });
      const charge = request.price.cacheHit;
      return { answer: cached, charge, usage: cached.usage, cache: "hit", timings: null };
    }
    const model = findModel(request.model);
    if (!model) throw new ApiError("model_not_found", `There is no model '${request.model}'.`);
    const events = generate(this.env, {
      account,
      job,
      attempt: attempt.attempt,
      retries: 0,
      model,
      messages: request.messages,
      images: await this.#images(account, job, request),
      sampling: request.sampling,
      most: mostOf(request),
      deadline: endOf(attempt),
      trace: request.trace,
      claim: null,
      signal,
      background: (work) => this.ctx.waitUntil(work),
    });
    const said = new Transcript();
    for await (const event of events) {
      if (event.type === "queued") this.#watchers.tell(event);
      if (event.type === "granted") progress.hadWorker = true;
      if (event.type === "token") {
        progress.tokens += event.count;
        const part = said.add(event);
        if (part) this.#watchers.say(part);
      }
      if (event.type !== "done") continue;
      const answer: Answer = { ...said.whole(), finishReason: event.finishReason, usage: event.usage };
      if (request.cache?.write) await writeResult(this.env.RESULTS, request.cache.key, answer);
      const { usage, timings } = event;
      const cost = charge(request.price, usage);
      return { answer, charge: cost, usage, cache: cacheVerdictOf(request), timings };
    }
    throw new Error("A generation ended without its last event.");
  }

  async #images(account: string, job: string, request: StoredQuestion): Promise<ResolvedImage[]> {
    return Promise.all(
      request.images.map(async (image, index) => {
        const object = await this.env.IMAGES.get(jobImageKey(account, job, index));
        if (!object) throw new Error("A stored job's image is missing.");
        return { ...image, bytes: new Uint8Array(await object.arrayBuffer()), param: "messages" };
      }),
    );
  }
}

/** When an attempt's generation must have ended, in Unix milliseconds. */
function endOf({ deadline }: Attempt): number {
  return deadline - MARGIN_MS;
}

/** What the cache said of a question that has to be answered. */
function cacheVerdictOf({ cache }: StoredQuestion): CacheVerdict {
  return cache === null ? "uncacheable" : cache.read ? "miss" : "bypass";
}
