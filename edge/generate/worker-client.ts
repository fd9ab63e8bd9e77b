/** Sends a job frame to the worker that holds its lease, and reads the events that come back. */
import { type WorkerEvent, workerEvent } from "../../core/events.ts";
import { encodeFrame, FRAME_CONTENT_TYPE, FRAME_PATH, type Frame, signedPart } from "../../core/frame.ts";
import { ANOTHER_MAY_ANSWER, REFUSAL_STATUS } from "../../core/refusal.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../../core/signature.ts";

/** The worker did not take the frame, or went silent before its last event: another worker may still answer. */
export class WorkerLost extends Error {
  override readonly name = "WorkerLost";
}

/** A line of the worker's answer is far shorter; more means that something else is answering. */
const MAX_LINE_CHARACTERS = 64 << 10;

/** The worker does not keep the pixels that a frame left out: it takes the frame with them. */
export class PixelsNotKept extends Error {
  override readonly name = "PixelsNotKept";
}

/** The worker's events, in order, up to `done` or `error`. Throws WorkerLost. */
export async function* readEvents(
  answer: ReadableStream<Uint8Array>,
): AsyncGenerator<WorkerEvent, void, void> {
  for await (const lines of chunksOfLines(answer)) {
    for (const line of lines) {
      const event = workerEvent.safeParse(parse(line));
      if (!event.success) throw new WorkerLost("The worker's answer does not follow the protocol.");
      yield event.data;
      if (event.data.type === "done" || event.data.type === "error") return;
    }
  }
  throw new WorkerLost("The worker's answer ended early.");
}

/**
 * The answer of the worker that takes a frame. Throws WorkerLost and PixelsNotKept; aborting the signal stops the
 * engine.
 */
export async function sendFrame(
  origin: string,
  frame: Frame,
  secret: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const body = encodeFrame(frame);
  const request = {
    method: "POST",
    path: FRAME_PATH,
    timestamp: String(Date.now()),
    nonce: crypto.randomUUID(),
    body: signedPart(body),
  };
  const headers = {
    "content-type": FRAME_CONTENT_TYPE,
    [TIMESTAMP_HEADER]: request.timestamp,
    [NONCE_HEADER]: request.nonce,
    [SIGNATURE_HEADER]: await sign(secret, request),
  };
  let response: Response;
  try {
    response = await fetch(new URL(FRAME_PATH, origin), { method: "POST", headers, body, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new WorkerLost("The worker cannot be reached.");
  }
  if (response.status === REFUSAL_STATUS.pixels_not_kept) {
    await response.body?.cancel();
    throw new PixelsNotKept("The worker does not keep the pixels.");
  }
  if (response.status !== 200 || !response.body) {
    const reason = `The worker answered ${response.status}: ${(await response.text()).slice(0, 500)}`;
    throw ANOTHER_MAY_ANSWER.has(response.status) ? new WorkerLost(reason) : new Error(reason);
  }
  return response.body;
}

/** The lines that are complete with each chunk. */
async function* chunksOfLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string[], void, void> {
  let rest = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      if (rest.length > MAX_LINE_CHARACTERS) throw new WorkerLost("The worker's answer has no line ends.");
      yield parts.filter((line) => line !== "");
    }
  } catch (error) {
    if (error instanceof WorkerLost) throw error;
    throw new WorkerLost("The connection to the worker broke.");
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
