import fc from "fast-check";
import { expect, it } from "vitest";
import { planTiles } from "./anyres.ts";
import { findModel } from "./models.ts";
import { cutGrid } from "./tiles.ts";

const geometry = findModel("llava-v1.6-34b")?.geometry;
if (!geometry) throw new Error("The registry has no llava-v1.6-34b.");
const { tile } = geometry;

const side = fc.integer({ min: 1, max: 1200 });

it("puts every pixel of the grid view where the plan says, on black", () => {
  fc.assert(
    fc.property(side, side, fc.nat(), fc.nat(), (width, height, atX, atY) => {
      const plan = planTiles(width, height, geometry);
      const { grid, pad, resized } = plan;
      const view = Uint8Array.from({ length: resized[0] * resized[1] * 3 }, (_, index) => 1 + (index % 251));
      const tiles = cutGrid(view, plan, tile);
      expect(tiles.map(({ length }) => length)).toEqual(
        Array.from({ length: (grid[0] / tile) * (grid[1] / tile) }, () => tile * tile * 3),
      );
      const [x, y] = [atX % grid[0], atY % grid[1]];
      const [viewX, viewY] = [x - pad[0], y - pad[1]];
      const isInside = viewX >= 0 && viewY >= 0 && viewX < resized[0] && viewY < resized[1];
      const from = 3 * (viewY * resized[0] + viewX);
      const to = 3 * ((y % tile) * tile + (x % tile));
      const found = tiles[Math.floor(y / tile) * (grid[0] / tile) + Math.floor(x / tile)]?.subarray(
        to,
        to + 3,
      );
      expect([...(found ?? [])]).toEqual(isInside ? [...view.subarray(from, from + 3)] : [0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});
