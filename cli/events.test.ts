import { expect, it } from "vitest";
import { eventData } from "./events.ts";

async function read(chunks: readonly Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return Array.fromAsync(eventData(body));
}

const STREAM = new TextEncoder().encode(': queued position=2\n\ndata: {"a":"星"}\n\ndata: [DONE]\n\n');
const DATA = ['{"a":"星"}', "[DONE]"];

it("gives each event's data, without comments", async () => {
  expect(await read([STREAM])).toEqual(DATA);
});

it("does not mind where the network cuts the stream, even inside a character", async () => {
  expect(await read(Array.from(STREAM, (byte) => Uint8Array.of(byte)))).toEqual(DATA);
});
