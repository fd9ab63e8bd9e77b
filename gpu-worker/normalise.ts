/** From a frame's pixels to the normalised tensor of a vision tower. */
import type { Geometry } from "../core/models.ts";
import type { EngineImage } from "./engines/engine.ts";
import { tilesOf } from "./tiles.ts";

const MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * CLIP's normalisation of every 8-bit value, one table a channel: `(float32(value * (1 / 255)) - mean) / deviation`,
 * each step rounded to float32, as the reference's image processor computes it.
 */
export const NORMALISED: readonly Float32Array[] = MEAN.map((mean, channel) =>
  Float32Array.from(
    { length: 256 },
    (_, value) =>
      Math.fround(Math.fround(value * (1 / 255)) - Math.fround(mean)) / Math.fround(DEVIATION[channel] ?? 1),
  ),
);

export interface NormalisedTiles {
  readonly count: number;
  /** Float32 [count, 3, tile, tile]: the base tile, then the grid's tiles row by row. */
  readonly data: Float32Array;
}

/**
 * The normalised tiles of an image, at the beginning of `into` where it is given. Its padding is black before
 * normalisation, so not 0 after it.
 */
export function normalisedTiles(
  image: EngineImage,
  geometry: Geometry,
  into?: Float32Array,
): NormalisedTiles {
  const area = geometry.tile ** 2;
  const tiles = tilesOf(image, geometry);
  const size = tiles.length * 3 * area;
  const data = into?.subarray(0, size) ?? new Float32Array(size);
  tiles.forEach((tile, index) => {
    NORMALISED.forEach((table, channel) => {
      const plane = data.subarray((3 * index + channel) * area, (3 * index + channel + 1) * area);
      for (let at = 0; at < area; at += 1) plane[at] = table[tile[3 * at + channel] ?? 0] ?? 0;
    });
  });
  return { count: tiles.length, data };
}
