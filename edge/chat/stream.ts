/** A request as server-sent events (WHATWG HTML §9.2), in OpenAI's chunks. */
import { ApiError, asApiError } from "../errors.ts";
import type { AnswerEvent, Completion } from "./accepted.ts";
import { chunkWriter } from "./wire.ts";

/**
 * How often a stream writes a comment while it has nothing else to say, in milliseconds. A closed connection shows
 * itself only to who writes, and proxies cut silent ones.
 */
const KEEP_ALIVE_MS = 250;

interface StreamOptions {
  readonly completion: Completion;
  readonly includeUsage: boolean;
  /** Called when the client has left, so that the engine stops. */
  readonly leave: () => void;
  /** Aborted by `leave`, or because the client left before there was a stream to show it. */
  readonly left: AbortSignal;
}

interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Settles when the last event has been read or the request has been settled; never rejects. */
  readonly finished: Promise<void>;
}

/**
 * The stream of a request's events. It begins with the first of them: a request that fails before it throws, and can be
 * refused with a status of its own. Waiting is shown as comments, which every client's parser skips.
 */
export async function eventStream(
  events: AsyncGenerator<AnswerEvent, void, void>,
  options: StreamOptions,
): Promise<EventStream> {
  const first = await events.next();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(options.leave);
  // Nobody reads or cancels the body of an answer that is not sent any more: its first write would wait for ever, and
  // the hold with it. A body that is being sent is locked, and cancelled by the runtime.
  const drop = () => void readable.cancel().catch(() => undefined);
  options.left.addEventListener("abort", drop);
  if (options.left.aborted) drop();
  return { body: readable, finished: pump(first, events, writer, options) };
}

/**
 * Nothing waits for the client to read: a slow reader must not keep its own request from being settled. What piles up
 * is bounded by the longest answer.
 */
async function pump(
  first: IteratorResult<AnswerEvent, void>,
  events: AsyncGenerator<AnswerEvent, void, void>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { left, leave, completion, includeUsage }: StreamOptions,
): Promise<void> {
  const encoder = new TextEncoder();
  const write = (text: string) => void writer.write(encoder.encode(text)).catch(leave);
  const send = (data: object) => write(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = chunkWriter(completion, includeUsage);
  const show = (event: AnswerEvent) => {
    switch (event.type) {
      case "queued":
        write(`: queued position=${event.position} eta_ms=${event.etaMs}\n\n`);
        break;
      case "text":
        send(chunk.delta({ content: event.text }, null, event.logprobs));
        break;
      case "reset":
        throw new ApiError(
          "worker_lost",
          "The worker was lost and the request runs again; send it again with its Idempotency-Key for the answer.",
        );
      case "end":
        send(chunk.delta({}, event.answer.finishReason));
        if (includeUsage) send(chunk.usage(event.answer.usage, event.charge));
    }
  };
  const keepAlive = setInterval(() => {
    // A reader that is slow but there gets no pile of comments.
    if ((writer.desiredSize ?? 0) > 0) write(": waiting\n\n");
  }, KEEP_ALIVE_MS);
  try {
    send(chunk.delta({ role: "assistant", content: "" }));
    if (!first.done) show(first.value);
    for await (const event of events) {
      if (left.aborted) break;
      show(event);
    }
    write("data: [DONE]\n\n");
  } catch (error) {
    send(asApiError(error).envelope());
  } finally {
    clearInterval(keepAlive);
  }
  await writer.close().catch(leave);
}
