import { expect, it } from "vitest";
import { greyImage } from "../../testing/frames.ts";
import type { EngineImage } from "../engine.ts";
import { ImageCache } from "./image-cache.ts";

const FEATURES = 100;
const encode = async () => new Float32Array(FEATURES);

function asked(namespace: string, width: number, grey: number): [string, EngineImage] {
  const { image, pixels } = greyImage(width, 10, grey);
  return [namespace, { frame: image, pixels }];
}

it("an image is encoded once for a customer, and again for another or at another size", async () => {
  const cache = new ImageCache(1 << 20);
  const first = await cache.get(...asked("a", 10, 1), encode);
  expect(await cache.get(...asked("a", 10, 1), encode)).toBe(first);
  for (const other of [asked("b", 10, 1), asked("a", 10, 2), asked("a", 11, 1)]) {
    expect(await cache.get(...other, encode)).not.toBe(first);
  }
  expect([cache.encoded, cache.reused]).toEqual([4, 1]);
});

it("the images that were used longest ago leave", async () => {
  const cache = new ImageCache(2 * FEATURES * Float32Array.BYTES_PER_ELEMENT);
  const get = (grey: number) => cache.get(...asked("a", 10, grey), encode);
  const first = await get(1);
  await get(2);
  await get(1);
  await get(3);
  expect(await get(1)).toBe(first);
  await get(2);
  expect([cache.encoded, cache.reused]).toEqual([4, 2]);
});
