/** How requests share an isolate: large images take turns, others run in between, and what nobody waits for stops. */
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { largeJpeg } from "../test/properties/generate/large-jpeg.ts";
import { writePng } from "../test/properties/generate/png-file.ts";
import { GEOMETRY } from "../test/properties/geometry.ts";
import { openNodeVision } from "./node.ts";
import type { PrepareOptions } from "./vision.ts";

const SMALL = largeJpeg(64, 64, false);
const LARGE = largeJpeg(2048, 1536, false);
const SLOW = largeJpeg(4096, 3072, true);

const vision = openNodeVision();
const prepare = (bytes: Uint8Array, options?: PrepareOptions) =>
  vision.prepare(bytes, GEOMETRY, "default", options);

it("decodes one large image at a time, and small ones meanwhile", async () => {
  const order: string[] = [];
  const note = (name: string, bytes: Uint8Array) => prepare(bytes).then(() => order.push(name));
  await Promise.all([note("slow", SLOW), note("large", LARGE), note("small", SMALL)]);
  expect(order).toEqual(["small", "slow", "large"]);
});

it.each([
  ["a JPEG", largeJpeg(4096, 3072, false)],
  ["a progressive JPEG", SLOW],
  ["a PNG", writePng({ width: 4000, height: 3000, depth: 8, colourType: 0, data: blank(4000, 3000) })],
])("lets others run again and again while it decodes %s of 12 megapixels", async (_, bytes) => {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  expect((await prepare(bytes)).ok).toBe(true);
  isDone = true;
  expect(turns).toBeGreaterThan(10);
});

it("stops when nobody waits any more, and then takes the next", async () => {
  const leaving = new AbortController();
  let heap: number | undefined;
  const abandoned = prepare(SLOW, {
    signal: leaving.signal,
    onHeap: (bytes) => {
      heap = bytes;
    },
  });
  const next = prepare(LARGE);
  setImmediate(() => leaving.abort(new Error("The client left.")));
  await expect(abandoned).rejects.toThrow("The client left.");
  expect(heap).toBeUndefined();
  expect((await next).ok).toBe(true);
});

it("keeps no memory of a large image, whether it was finished or left", async () => {
  await prepare(SLOW);
  await prepare(SLOW, { signal: AbortSignal.abort() }).catch(() => undefined);
  const heaps: number[] = [];
  const onHeap = (bytes: number) => void heaps.push(bytes);
  await Promise.all([prepare(SMALL, { onHeap }), prepare(SMALL, { onHeap }), prepare(SMALL, { onHeap })]);
  expect(Math.max(...heaps)).toBeLessThan(2_000_000);
});

/** Image data of zeros without filters. */
function blank(width: number, height: number): Uint8Array {
  return deflateSync(new Uint8Array((width + 1) * height), { level: 1 });
}
