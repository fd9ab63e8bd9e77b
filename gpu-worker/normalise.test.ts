import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { planTiles } from "../core/anyres.ts";
import { cutGrid } from "../core/tiles.ts";
import { NORMALISED, normalisedTiles } from "./normalise.ts";
import { greyImage, TINY } from "./testing/frames.ts";

const { geometry } = TINY;
const area = geometry.tile ** 2;

it("normalises by the reference's table, bit for bit", () => {
  // The reference's table is [256][3].
  const table = Float32Array.from(
    { length: 768 },
    (_, index) => NORMALISED[index % 3]?.[Math.floor(index / 3)] ?? Number.NaN,
  );
  expect(createHash("sha256").update(new Uint8Array(table.buffer)).digest("hex")).toBe(
    "76684042f8eec2b7c00d6f485ed776b08c36f839645e57f4a2c25e07c162566a",
  );
});

it.each([
  ["several tiles", 700, 500, "high"],
  ["the base view alone", 500, 100, "low"],
] as const)("gives the base tile and the grid's, each by channels: %s", (_what, width, height, detail) => {
  const { image, pixels } = greyImage(width, height, 0, detail);
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = (index * 31) & 255;
  const grid =
    detail === "low"
      ? []
      : cutGrid(pixels.subarray(3 * area), planTiles(width, height, geometry), geometry.tile);
  const tiles = [pixels.subarray(0, 3 * area), ...grid];
  const { count, data } = normalisedTiles({ frame: image, pixels }, geometry);
  expect(count).toBe(tiles.length);
  const expected = tiles.flatMap((tile) =>
    NORMALISED.map((table, channel) =>
      Float32Array.from({ length: area }, (_, at) => table[tile[3 * at + channel] ?? 0] ?? Number.NaN),
    ),
  );
  expect(data).toEqual(new Float32Array(expected.flatMap((plane) => [...plane])));
});
