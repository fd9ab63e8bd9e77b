import { z } from "@hono/zod-openapi";
import { EXAMPLE_QUESTION } from "../../../core/example.ts";
import { RECEIPT_HEADER, receiptIdOf } from "../../../core/receipt.ts";
import type { Idempotency, JobRecord } from "../../account/job-contract.ts";
import { accountError, type Caller, requireKey } from "../../auth/caller.ts";
import { readCacheDirectives } from "../../cache/directives.ts";
import type { Accepted, AnswerEvent } from "../../chat/accepted.ts";
import { acceptAttached } from "../../chat/attached.ts";
import { MAX_COST_HEADER, maxCostHeader, maxCostRequestHeaders, readMaxCost } from "../../chat/max-cost.ts";
import { prepareQuestion } from "../../chat/prepare.ts";
import { type ChatRequestBody, chatCompletion, chatRequest, NEUTRAL_PARAMETERS } from "../../chat/schema.ts";
import { acceptWatched, replay, replayedHeaders } from "../../chat/stored.ts";
import { eventStream } from "../../chat/stream.ts";
import { completionBody } from "../../chat/wire.ts";
import { ApiError } from "../../errors.ts";
import type { Timings } from "../../generate/generate.ts";
import { MAX_BODY_BYTES } from "../../images/limits.ts";
import { acceptStored } from "../../jobs/accept.ts";
import { IDEMPOTENCY_HEADER, readIdempotency } from "../../jobs/idempotency.ts";
import { jobBody, jobSchema } from "../../jobs/wire.ts";
import { readHashedJson } from "../../read-json.ts";
import { type AppContext, jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

const requestHeaders = maxCostRequestHeaders.extend({
  [IDEMPOTENCY_HEADER]: z
    .string()
    .optional()
    .openapi({
      pattern: '^(?!""$)[!-~][ -~]{0,254}$',
      description:
        "1 to 255 printable characters of your choice. The request runs to its end once, whoever leaves; sent again " +
        "with the same key, body and `X-Max-Cost` it gets the stored answer, in the form now asked for, with " +
        "`idempotent-replayed: true` and for nothing, or 409 and `retry-after-ms` while it runs.",
    }),
  "cache-control": z
    .string()
    .optional()
    .openapi({
      description:
        "`no-cache`: no stored answer is given. `no-store`: neither is this one stored. Only answers at temperature 0 " +
        "are.",
    }),
  prefer: z.string().optional().openapi({ description: "`respond-async` for a job that is answered later." }),
});

const chunkEvent = z
  .object({
    data: z
      .string()
      .openapi({ description: "A `chat.completion.chunk` in JSON, an error's envelope, or `[DONE]`" }),
  })
  .openapi("ChatCompletionEvent");

export const createCompletion: Operation = {
  route: {
    method: "post",
    path: "/v1/chat/completions",
    summary: "Ask about images",
    description:
      "OpenAI's chat completions. With `stream`, server-sent events; with `Prefer: respond-async`, a job that is " +
      "answered later.",
    security: KEY_SECURITY,
    request: { ...jsonBody(chatRequest, EXAMPLE_QUESTION), headers: requestHeaders },
    responses: {
      200: {
        description: "The answer; with `stream`, server-sent events",
        content: {
          "application/json": { schema: chatCompletion },
          "text/event-stream": { schema: chunkEvent },
        },
      },
      202: jsonResponse("Accepted; the job's address is in `Location`", jobSchema),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const { body, hash: requestHash } = await readHashedJson(context, chatRequest, {
      maxBytes: MAX_BODY_BYTES,
      unsupported: NEUTRAL_PARAMETERS,
    });
    const asJob = prefersAsync(context);
    refuseCombinations(body, asJob);
    const caller = context.get("caller");
    const maxCost = readMaxCost(context.req.header(MAX_COST_HEADER));
    const idempotency = await readIdempotency(context.req.header(IDEMPOTENCY_HEADER), body, maxCost);
    const known = idempotency && (await recall(caller, idempotency));
    if (known) return asJob ? showJob(context, known, true) : showAnswer(context, body, () => replay(known));

    const question = await prepareQuestion(context.env, caller, body, maxCost);
    for (const [name, value] of Object.entries(maxCostHeader(question.plan))) context.header(name, value);
    const request = {
      caller,
      question,
      requestHash,
      cache: readCacheDirectives(context.req.header("cache-control")),
      trace: context.req.header("traceparent")?.slice(0, 128) ?? null,
      webhook: body.webhook ?? null,
      idempotency,
    };
    if (asJob) {
      const { record, replayed } = await acceptStored(context.env, request);
      return showJob(context, record, replayed);
    }
    return showAnswer(context, body, (signal) =>
      idempotency
        ? acceptWatched(context.env, request, signal)
        : acceptAttached(context.env, {
            ...request,
            signal,
            background: (work) => context.executionCtx.waitUntil(work),
          }),
    );
  },
};

async function recall(caller: Caller, idempotency: Idempotency): Promise<JobRecord | null> {
  const known = await caller.object.recall(caller.keyHash, idempotency);
  if (!known.ok) throw accountError(known.error);
  return known.value;
}

function showJob(context: AppContext, record: JobRecord, replayed: boolean): Response {
  return context.json(jobBody(record), 202, {
    location: `/v1/jobs/${record.id}`,
    [RECEIPT_HEADER]: receiptIdOf(record.id),
    "preference-applied": "respond-async",
    ...replayedHeaders(replayed),
  });
}

/** Answers with what `accept` gives, whole or as a stream; its signal is aborted when the client leaves. */
async function showAnswer(
  context: AppContext,
  body: ChatRequestBody,
  accept: (signal: AbortSignal) => Accepted | Promise<Accepted>,
): Promise<Response> {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  const left = leaving.signal;
  context.req.raw.signal.addEventListener("abort", leave);
  const { completion, headers, events } = await accept(left);

  if (body.stream) {
    const includeUsage = body.stream_options?.include_usage ?? false;
    const stream = eventStream(events, { completion, includeUsage, leave, left });
    context.executionCtx.waitUntil(
      stream.then(
        ({ finished }) => finished,
        () => undefined,
      ),
    );
    return context.body((await stream).body, 200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
    });
  }
  const end = lastEvent(events);
  context.executionCtx.waitUntil(end.catch(() => undefined));
  const { answer, charge, timings } = await end;
  return context.json(completionBody(completion, answer, charge), 200, {
    ...headers,
    ...(timings && { "server-timing": serverTiming(timings) }),
  });
}

/** W3C Server Timing: what of the answer's time went into the image, the line and the engine. */
function serverTiming(timings: Timings): string {
  return Object.entries(timings)
    .map(([name, duration]) => `${name.replace(/Ms$/, "")};dur=${duration.toFixed(1)}`)
    .join(", ");
}

/** RFC 7240 §4.1. */
function prefersAsync(context: AppContext): boolean {
  const preferences = (context.req.header("prefer") ?? "").split(",");
  return preferences.some((preference) => preference.trim().toLowerCase() === "respond-async");
}

function refuseCombinations(body: ChatRequestBody, asJob: boolean): void {
  if (body.webhook !== undefined && !asJob) {
    throw new ApiError("unsupported_parameter", "'webhook' needs the header 'Prefer: respond-async'.", {
      param: "webhook",
    });
  }
  if (body.stream && asJob) {
    throw new ApiError("unsupported_parameter", "'stream' cannot be combined with 'Prefer: respond-async'.", {
      param: "stream",
    });
  }
}

async function lastEvent(
  events: AsyncGenerator<AnswerEvent, void, void>,
): Promise<Extract<AnswerEvent, { type: "end" }>> {
  for await (const event of events) {
    if (event.type === "end") return event;
  }
  throw new Error("A request ended without its last event.");
}
