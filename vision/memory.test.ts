/** What docs/images.md says that decoding holds: workerd enforces no limit locally, so the heap is measured here. */
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { largeJpeg } from "../test/properties/generate/large-jpeg.ts";
import { writePng } from "../test/properties/generate/png-file.ts";
import { GEOMETRY } from "../test/properties/geometry.ts";
import { openNodeVision } from "./node.ts";

const MEGABYTE = 1_000_000;

/** The Wasm heap after an image, in bytes. */
async function heapOf(bytes: Uint8Array): Promise<number> {
  let heap = Number.NaN;
  const prepared = await openNodeVision().prepare(bytes, GEOMETRY, "default", {
    onHeap: (size) => {
      heap = size;
    },
  });
  if (!prepared.ok) throw new Error(prepared.error.message);
  return heap;
}

it("holds at most 10 MB for a baseline JPEG of 12 megapixels", async () => {
  const file = largeJpeg(4000, 3008, false);
  expect(file.length).toBeGreaterThan(2.5 * MEGABYTE);
  expect(await heapOf(file)).toBeLessThanOrEqual(10 * MEGABYTE);
});

it("holds at most 24 MB for a baseline JPEG of 50 megapixels", async () => {
  const file = largeJpeg(8192, 6144, false);
  expect(file.length).toBeGreaterThan(10 * MEGABYTE);
  expect(await heapOf(file)).toBeLessThanOrEqual(24 * MEGABYTE);
});

it("holds at most 72 MB for a progressive JPEG of 50 megapixels", async () => {
  const file = largeJpeg(8192, 6144, true);
  expect(file.length).toBeGreaterThan(10 * MEGABYTE);
  expect(await heapOf(file)).toBeLessThanOrEqual(72 * MEGABYTE);
});

it("holds at most 6 MB beside the file for a PNG of 12 megapixels", async () => {
  const file = largePng(4000, 3000);
  expect((await heapOf(file)) - file.length).toBeLessThanOrEqual(6 * MEGABYTE);
});

it("refuses what outgrows the heap, and goes on", async () => {
  const [width, height] = [65_535, 244];
  const rows = new Uint8Array(width * height * 3 + 4 * height).map((_, at) => at & 3);
  const data = deflateSync(rows, { level: 1 });
  const file = writePng({ width, height, depth: 8, colourType: 2, data, interlaced: true, orientation: 6 });
  const vision = openNodeVision();
  const refused = await vision.prepare(file, GEOMETRY, "default");
  expect(refused).toMatchObject({ ok: false, error: { code: "image_too_many_pixels" } });
  expect((await vision.prepare(largeJpeg(64, 64, false), GEOMETRY, "default")).ok).toBe(true);
});

/** 8-bit RGB without filters. */
function largePng(width: number, height: number): Uint8Array {
  const raw = new Uint8Array((width * 3 + 1) * height);
  for (let at = 0; at < raw.length; at++) raw[at] = at % (width * 3 + 1) === 0 ? 0 : (at * at) >> 7;
  return writePng({ width, height, depth: 8, colourType: 2, data: deflateSync(raw, { level: 1 }) });
}
