/** `POST /generate`: a job frame in, events out, one JSON object a line. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Capability, needsOf } from "../core/capability.ts";
import type { WorkerEvent } from "../core/events.ts";
import { decodeFrame, FRAME_PATH, signedPart } from "../core/frame.ts";
import type { Model } from "../core/models.ts";
import type { Refusal } from "../core/refusal.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { Tokenizer } from "../core/tokenizer.ts";
import type { ActiveJobs } from "./active-jobs.ts";
import { answer, stopCause } from "./answer.ts";
import { authenticate, checkAudience, type Nonces, readCredentials } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { Engine } from "./engines/engine.ts";
import type { KeptPixels } from "./kept-pixels.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Lines } from "./lines.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Settlements } from "./settlements.ts";
import { type Job, validateFrame } from "./validate.ts";

/** An engine, ready to run, and the tokenizer of its model. */
export interface Loaded {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
}

/** What the routes share. */
export interface WorkerContext {
  readonly identity: { readonly worker: string; readonly boot: string };
  readonly secret: string;
  readonly model: Model;
  readonly capabilities: readonly Capability[];
  readonly queue: number;
  readonly lifecycle: Lifecycle;
  readonly jobs: ActiveJobs;
  readonly nonces: Nonces;
  readonly pixels: KeptPixels;
  readonly metrics: Metrics;
  readonly settlements: Settlements;
  readonly log: Log;
  readonly now: () => number;
  loaded: Loaded | undefined;
}

/** Answers a frame, or says why it is refused. */
export async function generate(
  context: WorkerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Result<void, Refusal>> {
  const arrival = performance.now();
  const job = await admit(context, request);
  if (!job.ok) return job;
  const loaded = checkState(context);
  if (!loaded.ok) return loaded;
  const { engine, tokenizer } = loaded.value;
  const { running, waiting } = engine.load();
  if (running + waiting >= engine.slots + context.queue) {
    return refuse("worker_busy", `The worker runs ${running} requests and ${waiting} wait.`);
  }
  // A body is read before the response begins, so a caller may have left by now.
  if (response.destroyed) return ok(undefined);
  await stream(context, job.value, response, { engine, tokenizer, arrival });
  return ok(undefined);
}

async function admit(context: WorkerContext, request: IncomingMessage): Promise<Result<Job, Refusal>> {
  const { model, capabilities, now } = context;
  const loaded = checkState(context);
  if (!loaded.ok) return loaded;
  const credentials = readCredentials(request.headers, now());
  if (!credentials.ok) return credentials;
  const body = await readBody(request, largestFrame(model));
  if (!body.ok) return body;
  const signed = { method: "POST", path: FRAME_PATH, body: signedPart(body.value) };
  const authenticated = await authenticate(signed, credentials.value, context);
  if (!authenticated.ok) return authenticated;
  const frame = decodeFrame(body.value, (id) => (id === model.id ? model.geometry.tile : undefined));
  if (!frame.ok) return frame;
  const audience = checkAudience(frame.value.header, context.identity, now());
  if (!audience.ok) return audience;
  const lacking = needsOf(frame.value.header.sampling).find((need) => !capabilities.includes(need));
  if (lacking) return refuse("frame_mismatch", `This worker's engine does not take '${lacking}'.`);
  const whole = context.pixels.complete(frame.value);
  if (!whole) return refuse("pixels_not_kept", "The worker does not keep these pixels; send them.");
  const job = validateFrame(whole, model, loaded.value.tokenizer);
  if (job.ok) context.pixels.keep(whole);
  return job;
}

function checkState({ lifecycle, loaded }: WorkerContext) {
  if (lifecycle.state === "draining") return refuse("worker_draining", "The worker is shutting down.");
  if (lifecycle.state === "failed") return refuse("worker_failed", "The worker's engine has failed.");
  if (lifecycle.state === "starting" || !loaded) {
    return refuse("worker_starting", "The worker is loading its model.");
  }
  return ok(loaded);
}

/** Bytes of the largest frame that a model can need: its header, and every image on the largest canvas. */
function largestFrame({ geometry, maxImages }: Model): number {
  const canvas = Math.max(...geometry.pinpoints.map(([first, second]) => first * second));
  return (1 << 20) + 1024 + maxImages * 3 * (geometry.tile ** 2 + canvas);
}

/** Node's timers fire at once when asked for more. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1;

async function stream(
  { jobs, metrics, settlements, log, now }: WorkerContext,
  job: Job,
  response: ServerResponse,
  { engine, tokenizer, arrival }: Loaded & { readonly arrival: number },
): Promise<void> {
  const active = jobs.start();
  const left = () => active.stop("client_left");
  response.once("close", left);
  const deadline = setTimeout(
    () => active.stop("deadline_exceeded"),
    Math.min(MOST_TIMEOUT_MS, Math.max(0, job.header.deadline - now())),
  );
  const lines = new Lines(response);
  const send = (event: WorkerEvent) => lines.write(JSON.stringify(event));
  let last: WorkerEvent = { type: "accepted" };
  let tokens = 0;
  try {
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    send(last);
    let previous = arrival;
    for await (const event of answer(job, engine, tokenizer, active.signal)) {
      if (event.type === "token" && event.ids.length > 0) {
        const time = performance.now();
        const seconds = (time - previous) / 1000;
        if (tokens === 0) metrics.timeToFirstToken.observe(seconds);
        else metrics.timePerToken.observe(seconds / event.ids.length);
        previous = time;
        tokens += event.ids.length;
      }
      send(event);
      last = event;
    }
  } finally {
    clearTimeout(deadline);
    response.off("close", left);
    lines.end();
    active.end();
  }

  const aborted = stopCause(active.signal) === "client_left";
  const outcome = aborted ? "aborted" : last.type === "done" ? "done" : "failed";
  if (aborted) metrics.aborts += 1;
  if (aborted && job.header.claim !== null) {
    const { imageTokens, textTokens } = job;
    settlements.add(
      { claim: job.header.claim, usage: { imageTokens, textTokens, outputTokens: tokens } },
      job.header,
    );
  }
  metrics.request(outcome);
  for (const { kept } of job.header.images) metrics.pixels[kept ? "kept" : "sent"] += 1;
  metrics.imageTokens += job.imageTokens;
  metrics.textTokens += job.textTokens;
  metrics.outputTokens += tokens;
  log(outcome === "failed" ? "warn" : "info", "request", {
    job: job.header.job,
    attempt: job.header.attempt,
    trace: job.header.trace,
    outcome,
    code: last.type === "error" ? last.code : undefined,
    images: job.header.images.length,
    imageTokens: job.imageTokens,
    textTokens: job.textTokens,
    outputTokens: tokens,
    milliseconds: Math.round(performance.now() - arrival),
  });
}

function refuse(code: Refusal["code"], message: string) {
  return fail({ code, message });
}
