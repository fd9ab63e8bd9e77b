import { expect, it } from "vitest";
import { readEvents } from "./events.ts";

async function read(chunks: readonly Uint8Array[]) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return Array.fromAsync(readEvents(body));
}

const STREAM = new TextEncoder().encode(
  ': waiting\n\n: queued position=2 eta_ms=1500\n\ndata: {"a":"星"}\n\ndata: [DONE]\n\n',
);
const SAID = [
  { type: "queued", position: 2, etaMs: 1500 },
  { type: "data", data: '{"a":"星"}' },
  { type: "data", data: "[DONE]" },
];

it("gives each event's data, and the place in line that a comment tells", async () => {
  expect(await read([STREAM])).toEqual(SAID);
});

it("does not mind where the network cuts the stream, even inside a character", async () => {
  expect(await read(Array.from(STREAM, (byte) => Uint8Array.of(byte)))).toEqual(SAID);
});
