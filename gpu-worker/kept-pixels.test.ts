import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Frame } from "../core/frame.ts";
import { KeptPixels } from "./kept-pixels.ts";
import { frame, greyImage } from "./testing/frames.ts";

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A frame with one image, as it comes with pixels and without. */
function framesOf(grey: number): { whole: Frame; kept: Frame } {
  const { image, pixels } = greyImage(600, 600, grey);
  const audience = { worker: "w", boot: "b" };
  const nothing = new Uint8Array(0);
  return {
    whole: frame(audience, "hi", [{ image, pixels }]),
    kept: frame(audience, "hi", [{ image: { ...image, kept: true }, pixels: nothing }]),
  };
}

it("gives a frame its pixels while it is asked about, and ten minutes later has none", () => {
  const store = new KeptPixels(Date.now);
  const { whole, kept } = framesOf(1);
  expect(store.complete(kept)).toBeUndefined();
  store.keep(whole);
  for (let minutes = 0; minutes < 24; minutes += 8) {
    expect(store.complete(kept)?.pixels).toEqual(whole.pixels);
    vi.advanceTimersByTime(8 * MINUTE);
  }
  expect(store.complete(kept)).toBeDefined();
  vi.advanceTimersByTime(10 * MINUTE);
  expect(store.complete(kept)).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

it("holds no more memory than it counts, however small a part of its body an image is", () => {
  const store = new KeptPixels(Date.now);
  const { length } = framesOf(0).whole.pixels[0]!;
  for (const share of [1, 0.95, 0.85, 0.51, 0.1]) {
    const size = Math.ceil(length / share);
    const frames = Array.from({ length: Math.ceil((128 << 20) / length) }, (_, index) => {
      const { whole, kept } = framesOf(index + 1);
      return { header: whole.header, kept };
    });
    for (const { header } of frames)
      store.keep({ header, pixels: [new Uint8Array(new ArrayBuffer(size), 0, length)] });
    const held = frames.flatMap(({ kept }) => store.complete(kept)?.pixels ?? []);
    expect(held.length).toBeGreaterThan(0.9 * frames.length - 2);
    expect(held.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThanOrEqual(128 << 20);
  }
});

it("lets the least recently used go first, and never holds more than 128 MiB", () => {
  const store = new KeptPixels(Date.now);
  const first = framesOf(0);
  store.keep(first.whole);
  const size = first.whole.pixels[0]?.byteLength ?? 0;
  const room = Math.floor((128 << 20) / size);
  const others = Array.from({ length: room }, (_, index) => framesOf(index + 1));
  for (const { whole } of others) {
    store.keep(whole);
    expect(store.complete(first.kept)).toBeDefined();
  }
  const held = others.filter(({ kept }) => store.complete(kept)).length;
  expect(held).toBe(room - 1);
  expect(store.complete(others[0]!.kept)).toBeUndefined();
});
