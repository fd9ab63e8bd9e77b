import { describe, expect, it } from "vitest";
import { readBytes } from "./read-bytes.ts";

/** A stream of chunks that counts how many were taken from it. */
function chunks(...sizes: number[]) {
  const taken = { count: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const size = sizes[taken.count];
        if (size === undefined) return controller.close();
        controller.enqueue(new Uint8Array(size).fill(++taken.count));
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

describe("readBytes", () => {
  it("joins a stream's chunks", async () => {
    expect(await readBytes(chunks(1, 2).stream, 3)).toEqual(new Uint8Array([1, 2, 2]));
    expect(await readBytes(null, 3)).toEqual(new Uint8Array(0));
  });

  it("stops at the first chunk beyond the limit", async () => {
    const { stream, taken } = chunks(3, 1, 1, 1);
    expect(await readBytes(stream, 3)).toBe(null);
    expect(taken.count).toBe(2);
  });

  it("drains a little more where it is told to, and no further", async () => {
    const little = chunks(3, 1, 1);
    expect(await readBytes(little.stream, 3, 2)).toBe(null);
    expect(little.taken.count).toBe(3);
    const much = chunks(3, 1, 1, 1, 1);
    expect(await readBytes(much.stream, 3, 2)).toBe(null);
    expect(much.taken.count).toBe(4);
  });
});
