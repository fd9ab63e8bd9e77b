import { RECEIPT_HEADER, receiptIdOf } from "../../../core/receipt.ts";
import { requireKey } from "../../auth/caller.ts";
import { readCacheDirectives } from "../../cache/directives.ts";
import { type AttachedEvent, acceptAttached } from "../../chat/attached.ts";
import { prepareQuestion } from "../../chat/prepare.ts";
import { chatCompletion, chatRequest, NEUTRAL_PARAMETERS } from "../../chat/schema.ts";
import { eventStream } from "../../chat/stream.ts";
import { completionBody, completionId } from "../../chat/wire.ts";
import { ApiError } from "../../errors.ts";
import type { Timings } from "../../generate/generate.ts";
import { MAX_BODY_BYTES } from "../../images/limits.ts";
import { acceptStored } from "../../jobs/accept.ts";
import { jobBody, jobSchema } from "../../jobs/wire.ts";
import { readHashedJson } from "../../read-json.ts";
import { toSeconds } from "../../seconds.ts";
import { type AppContext, jsonBody, jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";

export const createCompletion: Operation = {
  route: {
    method: "post",
    path: "/v1/chat/completions",
    summary: "Ask about images",
    description:
      "OpenAI's chat completions. With `stream`, server-sent events; with `Prefer: respond-async`, a job that is answered later.",
    security: KEY_SECURITY,
    request: jsonBody(chatRequest),
    responses: {
      200: jsonResponse("The answer", chatCompletion),
      202: jsonResponse("Accepted; the job's address is in `Location`", jobSchema),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    refuseUnsupportedHeaders(context);
    const { body, hash: requestHash } = await readHashedJson(context, chatRequest, {
      maxBytes: MAX_BODY_BYTES,
      unsupported: NEUTRAL_PARAMETERS,
    });
    const stored = prefersAsync(context);
    if (body.webhook !== undefined && !stored) {
      throw new ApiError("unsupported_parameter", "'webhook' needs the header 'Prefer: respond-async'.", {
        param: "webhook",
      });
    }
    if (body.stream && stored) {
      throw new ApiError(
        "unsupported_parameter",
        "'stream' cannot be combined with 'Prefer: respond-async'.",
        { param: "stream" },
      );
    }
    const caller = context.get("caller");
    const question = await prepareQuestion(context.env, caller, body);
    const cache = readCacheDirectives(context.req.header("cache-control"));
    const trace = context.req.header("traceparent")?.slice(0, 128) ?? null;

    if (stored) {
      const record = await acceptStored(context.env, caller, question, {
        requestHash,
        cache,
        trace,
        webhook: body.webhook ?? null,
      });
      return context.json(jobBody(record), 202, {
        location: `/v1/jobs/${record.id}`,
        [RECEIPT_HEADER]: receiptIdOf(record.id),
        "preference-applied": "respond-async",
      });
    }

    const leaving = new AbortController();
    const leave = () => leaving.abort();
    context.req.raw.signal.addEventListener("abort", leave);
    const completion = {
      id: completionId(),
      created: toSeconds(Date.now()),
      model: question.model.id,
    };
    const accepted = await acceptAttached(context.env, {
      job: completion.id,
      caller,
      question,
      requestHash,
      cache,
      trace,
      signal: leaving.signal,
      background: (work) => context.executionCtx.waitUntil(work),
    });
    const headers = {
      "cache-status": accepted.cacheStatus,
      [RECEIPT_HEADER]: receiptIdOf(completion.id),
    };

    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage ?? false;
      const left = leaving.signal;
      const stream = eventStream(accepted.events, { ...completion, includeUsage, leave, left });
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
    const end = lastEvent(accepted.events);
    context.executionCtx.waitUntil(end.catch(() => undefined));
    const { answer, charge, timings } = await end;
    return context.json(completionBody(completion, answer, charge), 200, {
      ...headers,
      ...(timings && { "server-timing": serverTiming(timings) }),
    });
  },
};

/** W3C Server Timing: what of the answer's time went into the picture, the line and the engine. */
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

/** A header that promises what is not kept must not be ignored: the client would rely on it. */
function refuseUnsupportedHeaders(context: AppContext): void {
  for (const header of ["idempotency-key", "x-max-cost"]) {
    if (context.req.header(header) !== undefined) {
      throw new ApiError("unsupported_parameter", `The header '${header}' is not supported.`, {
        param: header,
      });
    }
  }
}

async function lastEvent(
  events: AsyncGenerator<AttachedEvent, void, void>,
): Promise<Extract<AttachedEvent, { type: "end" }>> {
  for await (const event of events) {
    if (event.type === "end") return event;
  }
  throw new Error("A request ended without its last event.");
}
