import type { TilePlan } from "./anyres.ts";

/**
 * The grid's tiles, row by row, each `tile` × `tile` × 3 bytes: the grid view (8-bit RGB of the plan's `resized` size)
 * on its black canvas. The model sees the base view before them.
 */
export function cutGrid(
  view: Uint8Array,
  { grid, resized, pad: [left, top] }: Pick<TilePlan, "grid" | "resized" | "pad">,
  tile: number,
): Uint8Array[] {
  const tiles: Uint8Array[] = [];
  for (let y = 0; y < grid[1]; y += tile) {
    for (let x = 0; x < grid[0]; x += tile) tiles.push(cut(view, resized, x - left, y - top, tile));
  }
  return tiles;
}

/** The part of a view from (x, y) on; what lies outside of the view is black. */
function cut(
  view: Uint8Array,
  [width, height]: readonly [number, number],
  x: number,
  y: number,
  tile: number,
): Uint8Array {
  const out = new Uint8Array(tile * tile * 3);
  const first = Math.max(x, 0);
  const last = Math.min(x + tile, width);
  if (first >= last) return out;
  for (let row = Math.max(y, 0); row < Math.min(y + tile, height); row++) {
    const from = (row * width + first) * 3;
    out.set(view.subarray(from, from + (last - first) * 3), ((row - y) * tile + first - x) * 3);
  }
  return out;
}
