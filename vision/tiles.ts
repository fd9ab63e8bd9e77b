import type { TilePlan } from "../core/anyres.ts";
import type { PreparedImage } from "../core/vision.ts";

/**
 * The tiles that a model sees, each `tile` × `tile` × 3 bytes: the base view, then the grid view on its black canvas, cut
 * row by row.
 */
export function cutTiles(
  { grid, resized, base, view }: PreparedImage,
  [left, top]: TilePlan["pad"],
  tile: number,
): Uint8Array[] {
  const tiles = [base];
  for (let y = 0; y < grid[1]; y += tile) {
    for (let x = 0; x < grid[0]; x += tile) {
      tiles.push(cut(view, resized, x - left, y - top, tile));
    }
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
