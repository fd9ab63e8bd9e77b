import { planTiles } from "./anyres.ts";
import type { Geometry } from "./models.ts";

/** Stands for the `image_newline` vector in a packing index. */
export const NEWLINE = -1;

/**
 * Where each image token of an image comes from, in the order of the prompt: the base view's features, then the grid's
 * feature map without its padding, row by row, each row ended by `NEWLINE` (haotian-liu/LLaVA
 * `llava/model/llava_arch.py`, `spatial_unpad`). An entry counts features over all tiles, the base tile first, then
 * the grid's tiles row by row. `detail` "low" keeps the base view alone.
 */
export function packImage(
  width: number,
  height: number,
  geometry: Geometry,
  detail: "low" | "high" = "high",
): Int32Array {
  const side = Math.floor(geometry.tile / geometry.patch);
  const perTile = side * side;
  const base = Int32Array.from({ length: perTile }, (_, index) => index);
  if (detail === "low") return base;

  const { grid, features } = planTiles(width, height, geometry);
  const [columns, rows] = features;
  const tilesAcross = Math.floor(grid[0] / geometry.tile);
  const tilesDown = Math.floor(grid[1] / geometry.tile);
  const left = (side * tilesAcross - columns) / 2;
  const top = (side * tilesDown - rows) / 2;

  const packed = new Int32Array(perTile + rows * (columns + 1));
  packed.set(base);
  let at = perTile;
  for (let y = top; y < top + rows; y += 1) {
    for (let x = left; x < left + columns; x += 1) {
      const tile = 1 + Math.floor(y / side) * tilesAcross + Math.floor(x / side);
      packed[at++] = tile * perTile + (y % side) * side + (x % side);
    }
    packed[at++] = NEWLINE;
  }
  return packed;
}
