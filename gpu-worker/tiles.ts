import { planTiles } from "../core/anyres.ts";
import type { Geometry } from "../core/models.ts";
import { cutGrid } from "../core/tiles.ts";
import type { EngineImage } from "./engines/engine.ts";

/** The tiles of an image, each `tile` × `tile` × 3 bytes of RGB: the base tile, then the grid's row by row. */
export function tilesOf({ frame, pixels }: EngineImage, geometry: Geometry): Uint8Array[] {
  const baseBytes = 3 * geometry.tile ** 2;
  const base = pixels.subarray(0, baseBytes);
  if (!frame.grid) return [base];
  const plan = planTiles(frame.width, frame.height, geometry);
  return [base, ...cutGrid(pixels.subarray(baseBytes), plan, geometry.tile)];
}
