import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planTiles } from "./anyres.ts";
import { imageTokens } from "./image-tokens.ts";
import { findModel, type Geometry } from "./models.ts";
import { NEWLINE, packImage } from "./pack.ts";

const model = findModel("llava-v1.6-34b");
if (!model) throw new Error("The registry has no llava-v1.6-34b.");
const { geometry } = model;

const GEOMETRIES: readonly Geometry[] = [
  geometry,
  { ...geometry, pinpointOrder: "wh", unpad: "truncate" },
  { ...geometry, pinpointOrder: "hw", unpad: "exact" },
  { ...geometry, patch: 28 },
  // The canvases that only the article names.
  { ...geometry, pinpoints: [...geometry.pinpoints, [336, 1344], [1344, 336]] },
];

const side = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 5000 }));

describe("packImage", () => {
  it("has as many entries as image tokens are counted, for any size and geometry", () => {
    for (const rule of GEOMETRIES) {
      fc.assert(
        fc.property(side, side, (width, height) => {
          const packed = packImage(width, height, rule);
          const { base, newline, total } = imageTokens(width, height, rule);
          expect(packed).toHaveLength(total);
          expect(packed.filter((entry) => entry === NEWLINE)).toHaveLength(newline);
          expect(packed.subarray(0, base).every((entry, index) => entry === index)).toBe(true);
        }),
        { numRuns: 300 },
      );
    }
  });

  it("takes each feature of the unpadded map once, row by row over the tiles", () => {
    for (const rule of GEOMETRIES) {
      const [width, height] = [1000, 300];
      const plan = planTiles(width, height, rule);
      const patches = rule.tile / rule.patch;
      const [columns, rows] = plan.features;
      const at = (column: number, row: number) => {
        const tile = Math.floor(row / patches) * (plan.grid[0] / rule.tile) + Math.floor(column / patches);
        return (1 + tile) * patches ** 2 + (row % patches) * patches + (column % patches);
      };
      const left = (plan.grid[0] / rule.patch - columns) / 2;
      const top = (plan.grid[1] / rule.patch - rows) / 2;
      const expected = Array.from({ length: rows }, (_, row) => [
        ...Array.from({ length: columns }, (_, column) => at(left + column, top + row)),
        NEWLINE,
      ]).flat();
      expect([...packImage(width, height, rule).subarray(patches ** 2)]).toEqual(expected);
    }
  });

  it("keeps newlines where no column is left, and nothing where no row is", () => {
    expect(packImage(10, 2000, geometry)).toHaveLength(576 + 72);
    expect(packImage(2000, 10, geometry)).toHaveLength(576);
  });

  it("is the base view alone for low detail", () => {
    expect(packImage(1000, 300, geometry, "low")).toHaveLength(576);
  });
});
