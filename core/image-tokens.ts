import { planTiles } from "./anyres.ts";
import type { Geometry } from "./models.ts";

/** Image tokens of one image, by where they come from. */
export interface ImageTokens {
  /** Tokens of the base view: the whole image in one tile. */
  readonly base: number;
  /** Tokens of the grid view, without its padding. */
  readonly grid: number;
  /** One `image_newline` at the end of each row of the grid view. */
  readonly newline: number;
  readonly total: number;
}

/**
 * The image tokens of an image of `width` × `height` pixels (after orientation). With `detail` "low" the base view
 * is sent alone.
 */
export function imageTokens(
  width: number,
  height: number,
  geometry: Geometry,
  detail: "low" | "high" = "high",
): ImageTokens {
  const side = Math.floor(geometry.tile / geometry.patch);
  const base = side * side;
  if (detail === "low") return { base, grid: 0, newline: 0, total: base };
  const [columns, rows] = planTiles(width, height, geometry).features;
  const grid = columns * rows;
  return { base, grid, newline: rows, total: base + grid + rows };
}
