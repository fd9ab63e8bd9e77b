import { createParser } from "eventsource-parser";

/** What an event stream says: an event's data, or that the request stands in line. */
export type Said =
  | { readonly type: "data"; readonly data: string }
  /** `position` counts from 1. */
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number };

/** The server-sent events of a response's body, with the comments that tell a request's place in line. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Said, void, void> {
  let said: Said[] = [];
  const parser = createParser({
    onEvent: ({ data }) => void said.push({ type: "data", data }),
    onComment: (comment) => {
      const [, position, eta] = /^ ?queued position=(\d+) eta_ms=(\d+)$/.exec(comment) ?? [];
      if (position) said.push({ type: "queued", position: Number(position), etaMs: Number(eta) });
    },
  });
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    parser.feed(text);
    yield* said;
    said = [];
  }
}
