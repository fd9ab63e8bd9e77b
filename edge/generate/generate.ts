/** The one path from a question to tokens; attached requests and stored jobs both take it. */
import { needsOf } from "../../core/capability.ts";
import type { EngineErrorCode, FinishReason } from "../../core/events.ts";
import type { Sampling } from "../../core/frame.ts";
import type { TokenLogprob } from "../../core/logprobs.ts";
import type { Model } from "../../core/models.ts";
import type { Message } from "../../core/prompt.ts";
import { boundedUsage, type Usage } from "../../core/usage.ts";
import type { Env } from "../env.ts";
import { ApiError, DO_NOT_RETRY } from "../errors.ts";
import type { ResolvedImage } from "../images/resolve.ts";
import type { Lease } from "../pool/contract.ts";
import type { Pool } from "../pool/pool.ts";
import { generateOnReplicate } from "../replicate/generate.ts";
import { replicateModel } from "../replicate/support.ts";
import { type Claim, sealClaim } from "./claim.ts";
import { namespaceOf } from "./namespace.ts";
import { type FramePixels, OutgoingImage } from "./pixels.ts";
import { PixelsNotKept, readEvents, sendFrame, WorkerLost } from "./worker-client.ts";

export interface Generation {
  readonly account: string;
  readonly job: string;
  /** The first attempt's number, and how many may follow when a worker is lost before it has shown anything. */
  readonly attempt: number;
  readonly retries: number;
  readonly model: Model;
  readonly messages: readonly Message[];
  readonly images: readonly ResolvedImage[];
  readonly sampling: Sampling;
  /** What the request was counted with: the prompt's tokens, and the longest answer's. */
  readonly most: Usage;
  /** Unix milliseconds. */
  readonly deadline: number;
  readonly trace: string | null;
  /** Aborted when nobody waits for the answer any more: the engine stops. */
  readonly signal: AbortSignal;
  /** What the worker hands back if the stream is cut; null for a stored job, which then runs again. */
  readonly claim: Omit<Claim, "attempt" | "most"> | null;
  /** Keeps work alive that the answer need not wait for (a context's waitUntil). */
  readonly background: (work: Promise<unknown>) => void;
}

/**
 * Where a generation's time went, in milliseconds: waiting for the vision Worker, whenever that was, then the engine's
 * own figures.
 */
export interface Timings {
  readonly prepareMs: number;
  readonly queueMs: number;
  readonly visionMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

export type GenerationEvent =
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  /** The images are ready and a worker has been found for this attempt: from here on, failing is an exception. */
  | { readonly type: "granted"; readonly attempt: number }
  /** `count` tokens were decoded; `text` is what can be shown of them, and may be empty. */
  | {
      readonly type: "token";
      readonly text: string;
      readonly count: number;
      /** One for each token, where the request asks for them. */
      readonly logprobs?: readonly TokenLogprob[] | undefined;
    }
  | {
      readonly type: "done";
      readonly finishReason: FinishReason;
      readonly usage: Usage;
      readonly timings: Timings;
    };

/** How long one call to the pool waits before it tells the place in line, in milliseconds. */
const LINE_POLL_MS = 1_000;

/** Prepares the images, waits for a worker and yields what it decodes. Throws API errors. */
export async function* generate(
  env: Env,
  generation: Generation,
): AsyncGenerator<GenerationEvent, void, void> {
  const { model, signal } = generation;
  const replicate = replicateModel(env, model);
  if (replicate) {
    yield* generateOnReplicate(env, replicate, generation);
    return;
  }
  const images = generation.images.map(
    (image) => new OutgoingImage(env, generation.account, model, image, signal),
  );
  let prepareMs = 0;
  const prepared = async <Value>(work: readonly Promise<Value>[]): Promise<Value[]> => {
    const begun = performance.now();
    const done = await Promise.all(work);
    prepareMs += performance.now() - begun;
    return done;
  };
  await prepared(images.map((image) => image.prepare()));
  const namespace = await namespaceOf(env.KEY_SECRET, generation.account);
  const affinity = generation.images[0] ? `${namespace}/${generation.images[0].digest}` : null;
  const pool = env.POOL.get(env.POOL.idFromName(model.id));

  for (let attempt = generation.attempt; ; attempt++) {
    const ticket = `${generation.job}/${attempt}`;
    const lease = yield* waitForLease(pool, ticket, affinity, generation);
    let shown = false;
    let lost = false;
    try {
      yield { type: "granted", attempt };
      const header = {
        job: generation.job,
        attempt,
        lease: lease.id,
        audience: { worker: lease.worker, boot: lease.boot },
        namespace,
        model: model.id,
        revision: model.revision,
        messages: generation.messages.map(({ role, parts }) => ({ role, parts: [...parts] })),
        sampling: generation.sampling,
        trace: generation.trace,
        deadline: generation.deadline,
        claim:
          generation.claim &&
          (await sealClaim(env.KEY_SECRET, { ...generation.claim, most: generation.most, attempt })),
      };
      const answer = await sendImages(images, lease.boot, prepared, (pixels) => {
        const frame = {
          header: { ...header, images: pixels.map(({ image }) => image) },
          pixels: pixels.map(({ bytes }) => bytes),
        };
        return sendFrame(lease.origin, frame, env.POOL_SECRET, signal);
      });
      let usage: Usage | null = null;
      for await (const event of readEvents(answer)) {
        switch (event.type) {
          case "accepted":
            break;
          case "token":
            shown = true;
            yield { type: "token", text: event.text, count: event.ids.length, logprobs: event.logprobs };
            break;
          case "usage":
            usage = boundedUsage(event.usage, generation.most);
            break;
          case "done":
            if (!usage) throw new WorkerLost("The worker ended without usage.");
            yield {
              type: "done",
              finishReason: event.finishReason,
              usage,
              timings: { prepareMs, ...event.timings },
            };
            return;
          case "error":
            if (event.code === "worker_draining" || event.code === "engine_lost") {
              throw new WorkerLost(event.message);
            }
            throw engineError(event.code);
        }
      }
    } catch (error) {
      if (!(error instanceof WorkerLost) || signal.aborted) throw error;
      lost = true;
      console.error(
        JSON.stringify({
          event: "worker_lost",
          job: generation.job,
          attempt,
          worker: lease.worker,
          reason: error.message,
        }),
      );
      if (shown || attempt - generation.attempt >= generation.retries) {
        throw new ApiError("worker_lost", "The worker that was answering this request was lost.");
      }
    } finally {
      generation.background(pool.release(lease.id, lost));
    }
  }
}

/**
 * Sends images to a worker process: first without the pixels that it should keep, then whole if it does not. An image
 * that another process keeps is decoded here after all, which `prepared` waits for.
 */
async function sendImages<Answer>(
  images: readonly OutgoingImage[],
  boot: string,
  prepared: (pixels: readonly Promise<FramePixels>[]) => Promise<FramePixels[]>,
  send: (pixels: readonly FramePixels[]) => Promise<Answer>,
): Promise<Answer> {
  const sendAndNote = async (pixels: readonly FramePixels[]) => {
    const answer = await send(pixels);
    for (const [index, { image }] of pixels.entries()) images[index]?.taken(image, boot);
    return answer;
  };
  try {
    return await sendAndNote(await prepared(images.map((image) => image.forWorker(boot))));
  } catch (error) {
    if (!(error instanceof PixelsNotKept)) throw error;
    for (const image of images) image.forget();
    return sendAndNote(await prepared(images.map((image) => image.whole())));
  }
}

/** What a caller hears of a generation that failed inside its worker. */
function engineError(code: Exclude<EngineErrorCode, "worker_draining" | "engine_lost">): ApiError {
  switch (code) {
    case "empty_output":
      return new ApiError(code, "The model gave no visible character.", { headers: DO_NOT_RETRY });
    case "endless_repetition":
      return new ApiError(code, "The model repeated itself until it was cut off.", { headers: DO_NOT_RETRY });
    default:
      return new ApiError(code, "The model could not answer this request.");
  }
}

async function* waitForLease(
  pool: DurableObjectStub<Pool>,
  ticket: string,
  affinity: string | null,
  { model, sampling, deadline, signal, background }: Generation,
): AsyncGenerator<GenerationEvent, Lease, void> {
  const needs = needsOf(sampling);
  let inLine = true;
  try {
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      const acquired = await pool.acquire({ id: ticket, affinity, needs, waitMs: LINE_POLL_MS });
      if (acquired.kind === "waiting") {
        yield { type: "queued", position: acquired.position, etaMs: acquired.etaMs };
        continue;
      }
      inLine = false;
      if (acquired.kind === "granted") return acquired.lease;
      throw noWorker(model);
    }
    throw new ApiError("deadline_exceeded", "No worker came free in time.");
  } finally {
    if (inLine) background(pool.leave(ticket));
  }
}

export function noWorker({ id: model, replicate }: Model): ApiError {
  const without = replicate ? " REPLICATE_API_TOKEN=... npm start has Replicate answer for it." : "";
  return new ApiError(
    "no_worker",
    `No worker serves ${model}.${without} Attach one: start gpu-worker with TESSERA_MODEL=${model} and this pool's secret (docs/operating.md).`,
    { headers: DO_NOT_RETRY },
  );
}
