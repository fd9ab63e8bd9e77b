import { describe, expect, it } from "vitest";
import sizes from "../test/golden/sizes.json" with { type: "json" };
import { planTiles } from "./anyres.ts";
import { imageTokens } from "./image-tokens.ts";
import { findModel, type Geometry } from "./models.ts";

const model = findModel("llava-v1.6-34b");
if (!model) throw new Error("The registry has no llava-v1.6-34b.");
const { geometry } = model;

const GEOMETRIES: Record<string, Geometry> = {
  original: { ...geometry, pinpointOrder: "wh", unpad: "truncate" },
  hf: { ...geometry, pinpointOrder: "hw", unpad: "exact" },
  wh_exact: { ...geometry, pinpointOrder: "wh", unpad: "exact" },
};

/** What `planTiles` and `imageTokens` say, under the yardstick's column names. */
function figures(width: number, height: number, rule: Geometry): Record<string, number> {
  const plan = planTiles(width, height, rule);
  return {
    grid_w: plan.grid[0],
    grid_h: plan.grid[1],
    resized_w: plan.resized[0],
    resized_h: plan.resized[1],
    pad_left: plan.pad[0],
    pad_top: plan.pad[1],
    feature_cols: plan.features[0],
    feature_rows: plan.features[1],
    tokens: imageTokens(width, height, rule).total,
  };
}

describe("planTiles and imageTokens", () => {
  it("gives the reference's figures for every golden size and geometry", () => {
    const wrong: string[] = [];
    for (const row of sizes.rows) {
      const [width, height] = row;
      if (!width || !height) throw new Error("A golden row has no size.");
      const ours = Object.fromEntries(
        Object.entries(GEOMETRIES).map(([name, rule]) => [name, figures(width, height, rule)]),
      );
      sizes.columns.forEach((column, index) => {
        const [name, figure] = column.split(".");
        if (!name || !figure) return;
        const value = ours[name]?.[figure];
        if (value !== row[index]) wrong.push(`${width}×${height} ${column}: ${value}, not ${row[index]}`);
      });
    }
    expect(sizes.rows).toHaveLength(3631);
    expect(wrong).toEqual([]);
  });

  it("pads the whole canvas, with the odd pixel right or bottom", () => {
    expect(planTiles(4000, 3000, geometry).pad).toEqual([0, 83, 0, 84]);
    expect(planTiles(10, 2000, geometry).pad).toEqual([165, 0, 165, 0]);
  });

  it("counts by the model's own patch", () => {
    const coarse = { ...geometry, patch: 28 };
    expect(imageTokens(640, 480, coarse)).toEqual({
      base: 144,
      grid: 24 * 18,
      newline: 18,
      total: 144 + 432 + 18,
    });
    expect(imageTokens(640, 480, coarse, "low")).toEqual({ base: 144, grid: 0, newline: 0, total: 144 });
  });

  it("takes the article's long canvases", () => {
    const article: Geometry = { ...geometry, pinpoints: [...geometry.pinpoints, [336, 1344], [1344, 336]] };
    expect(planTiles(2000, 400, article).grid).toEqual([1344, 336]);
    expect(planTiles(400, 2000, article).grid).toEqual([336, 1344]);
  });
});
