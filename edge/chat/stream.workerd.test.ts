import { expect, it } from "vitest";
import type { AnswerEvent } from "./accepted.ts";
import { eventStream } from "./stream.ts";

const QUEUED: AnswerEvent = { type: "queued", position: 1, etaMs: 1_000 };

/** A request that waits in line, and what becomes of it. */
function waiting(onFirst: () => void) {
  const request = { settled: false };
  async function* events(): AsyncGenerator<AnswerEvent, void, void> {
    try {
      onFirst();
      for (;;) yield QUEUED;
    } finally {
      request.settled = true;
    }
  }
  return { request, events: events() };
}

function options(leaving: AbortController) {
  const leave = () => leaving.abort();
  const completion = { id: "chatcmpl-1", created: 0, model: "m" };
  return { completion, includeUsage: false, leave, left: leaving.signal };
}

it("settles a request whose client left before its first event", async () => {
  const leaving = new AbortController();
  const { request, events } = waiting(() => leaving.abort());
  const { finished } = await eventStream(events, options(leaving));
  await finished;
  expect(request.settled).toBe(true);
});

it("settles a request whose client left before it read anything", async () => {
  const leaving = new AbortController();
  const { request, events } = waiting(() => undefined);
  const { finished } = await eventStream(events, options(leaving));
  leaving.abort();
  await finished;
  expect(request.settled).toBe(true);
});

it("settles a request whose client does not read", async () => {
  const leaving = new AbortController();
  const request = { settled: false };
  async function* events(): AsyncGenerator<AnswerEvent, void, void> {
    for (let token = 0; token < 1_000; token++) yield { type: "text", text: "word " };
    request.settled = true;
  }
  const { body } = await eventStream(events(), options(leaving));
  await expect.poll(() => request.settled).toBe(true);
  const text = await new Response(body).text();
  expect(text.match(/"content":"word "/g)).toHaveLength(1_000);
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
});
