/**
 * The anyres rule of LLaVA-1.6: which canvas of tiles an image gets, how large it lies on it, and what is left of the
 * feature map without the padding (haotian-liu/LLaVA `llava/mm_utils.py` and `llava/model/llava_arch.py`).
 *
 * All arithmetic is IEEE double in the reference's own order, so that its truncations and ceilings are reproduced:
 * 4000×3000 lies on 672×672 as 672×505, since `3000 * (672 / 4000)` is a little more than 504.
 */
import type { Geometry } from "./models.ts";

/** How an image is cut. Pairs are [width, height]. */
export interface TilePlan {
  /** The canvas of whole tiles, in pixels. */
  readonly grid: readonly [number, number];
  /** The image on the canvas, in pixels. */
  readonly resized: readonly [number, number];
  /** Black border around the image as [left, top, right, bottom], in pixels; an odd pixel goes right or bottom. */
  readonly pad: readonly [number, number, number, number];
  /** Feature map without the padding as [columns, rows], in patches. Either may be 0 for extreme ratios. */
  readonly features: readonly [number, number];
}

/** The plan for an image of `width` × `height` pixels, both at least 1. */
export function planTiles(width: number, height: number, geometry: Geometry): TilePlan {
  const grid = chooseGrid(width, height, geometry);
  const resized = fitInside(width, height, grid);
  const left = Math.floor((grid[0] - resized[0]) / 2);
  const top = Math.floor((grid[1] - resized[1]) / 2);
  return {
    grid,
    resized,
    pad: [left, top, grid[0] - resized[0] - left, grid[1] - resized[1] - top],
    features: unpaddedFeatures(width, height, grid, geometry),
  };
}

/**
 * The canvas that keeps most of the image's pixels, then the one that wastes least; the first of the list wins ties.
 */
function chooseGrid(
  width: number,
  height: number,
  { pinpoints, pinpointOrder }: Geometry,
): readonly [number, number] {
  let best: readonly [number, number] | undefined;
  let mostKept = 0;
  let leastWasted = Number.POSITIVE_INFINITY;
  for (const [first, second] of pinpoints) {
    const [gridWidth, gridHeight] = pinpointOrder === "wh" ? [first, second] : [second, first];
    const scale = Math.min(gridWidth / width, gridHeight / height);
    const kept = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    const wasted = gridWidth * gridHeight - kept;
    if (kept > mostKept || (kept === mostKept && wasted < leastWasted)) {
      best = [gridWidth, gridHeight];
      mostKept = kept;
      leastWasted = wasted;
    }
  }
  if (!best) throw new Error("A geometry needs at least one pinpoint.");
  return best;
}

/** The image's size within the canvas: aspect kept, rounded up, never beyond the canvas. */
function fitInside(width: number, height: number, grid: readonly [number, number]): [number, number] {
  const scaleX = grid[0] / width;
  const scaleY = grid[1] / height;
  return scaleX < scaleY
    ? [grid[0], Math.min(Math.ceil(height * scaleX), grid[1])]
    : [Math.min(Math.ceil(width * scaleY), grid[0]), grid[1]];
}

function unpaddedFeatures(
  width: number,
  height: number,
  grid: readonly [number, number],
  { tile, patch, unpad }: Geometry,
): [number, number] {
  const side = Math.floor(tile / patch);
  const columns = side * Math.floor(grid[0] / tile);
  const rows = side * Math.floor(grid[1] / tile);
  if (width / height > columns / rows) {
    const filled =
      unpad === "truncate" ? Math.trunc(height * (columns / width)) : Math.floor((height * columns) / width);
    return [columns, rows - 2 * Math.floor((rows - filled) / 2)];
  }
  const filled =
    unpad === "truncate" ? Math.trunc(width * (rows / height)) : Math.floor((width * rows) / height);
  return [columns - 2 * Math.floor((columns - filled) / 2), rows];
}
