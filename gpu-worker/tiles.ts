/** From a frame's pixels to the tensor of a vision tower: pad, cut, normalise. The only pixel arithmetic of a worker. */
import { planTiles } from "../core/anyres.ts";
import type { Geometry } from "../core/models.ts";
import type { EngineImage } from "./engines/engine.ts";

const MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * CLIP's normalisation of every 8-bit value, as [256][3]: `(float32(value * (1 / 255)) - mean) / deviation`, each step
 * rounded to float32, as the reference's image processor computes it.
 */
export const NORMALISED: Float32Array = Float32Array.from({ length: 768 }, (_, index) => {
  const value = Math.floor(index / 3);
  const mean = Math.fround(MEAN[index % 3] ?? 0);
  const deviation = Math.fround(DEVIATION[index % 3] ?? 1);
  return Math.fround(Math.fround(value * (1 / 255)) - mean) / deviation;
});

export interface Tiles {
  readonly count: number;
  /** Float32 [count, 3, tile, tile]: the base tile, then the grid's tiles row by row. */
  readonly data: Float32Array;
}

/** The normalised tiles of a picture. Its padding is black before normalisation, so not 0 after it. */
export function cutTiles(image: EngineImage, geometry: Geometry): Tiles {
  const { tile } = geometry;
  const base: View = { pixels: image.pixels.subarray(0, 3 * tile * tile), width: tile, height: tile };
  const { grid, resized, width, height } = image.frame;
  if (!grid || !resized) {
    const data = new Float32Array(3 * tile * tile);
    writeTile(data, tile, base, 0, 0);
    return { count: 1, data };
  }
  const { pad } = planTiles(width, height, geometry);
  const across = Math.floor(grid[0] / tile);
  const count = 1 + across * Math.floor(grid[1] / tile);
  const view: View = {
    pixels: image.pixels.subarray(3 * tile * tile),
    width: resized[0],
    height: resized[1],
  };
  const data = new Float32Array(count * 3 * tile * tile);
  for (let index = 0; index < count; index += 1) {
    const target = data.subarray(index * 3 * tile * tile, (index + 1) * 3 * tile * tile);
    if (index === 0) writeTile(target, tile, base, 0, 0);
    else {
      const x = ((index - 1) % across) * tile;
      const y = Math.floor((index - 1) / across) * tile;
      writeTile(target, tile, view, x - pad[0], y - pad[1]);
    }
  }
  return { count, data };
}

interface View {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** One tile whose top left corner lies at (`left`, `top`) of the view; what lies outside the view is black. */
function writeTile(target: Float32Array, tile: number, view: View, left: number, top: number): void {
  const area = tile * tile;
  const firstX = Math.max(0, -left);
  const lastX = Math.min(tile, view.width - left);
  const firstY = Math.max(0, -top);
  const lastY = Math.min(tile, view.height - top);
  for (let channel = 0; channel < 3; channel += 1) {
    const plane = target.subarray(channel * area, (channel + 1) * area).fill(NORMALISED[channel] ?? 0);
    for (let y = firstY; y < lastY; y += 1) {
      let from = 3 * ((y + top) * view.width + firstX + left) + channel;
      for (let to = y * tile + firstX; to < y * tile + lastX; to += 1) {
        plane[to] = NORMALISED[3 * (view.pixels[from] ?? 0) + channel] ?? 0;
        from += 3;
      }
    }
  }
}
