import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planTiles } from "../core/anyres.ts";
import { picture, TINY } from "./testing/frames.ts";
import { cutTiles, NORMALISED } from "./tiles.ts";

const { geometry } = TINY;

describe("normalisation", () => {
  it("is the reference's table, bit for bit", () => {
    const bytes = new Uint8Array(NORMALISED.buffer, NORMALISED.byteOffset, NORMALISED.byteLength);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "76684042f8eec2b7c00d6f485ed776b08c36f839645e57f4a2c25e07c162566a",
    );
  });
});

describe("cutTiles", () => {
  it("puts every pixel of the grid view where the plan says, on black", () => {
    const side = fc.integer({ min: 1, max: 1200 });
    fc.assert(
      fc.property(side, side, fc.nat(), fc.nat(), (width, height, atX, atY) => {
        const { image, pixels } = picture(width, height);
        for (let index = 0; index < pixels.length; index += 1) pixels[index] = (index * 31) & 255;
        const { count, data } = cutTiles({ frame: image, pixels }, geometry);
        const { grid, pad, resized } = planTiles(width, height, geometry);
        const across = grid[0] / geometry.tile;
        expect(count).toBe(1 + across * (grid[1] / geometry.tile));
        const [x, y] = [atX % grid[0], atY % grid[1]];
        const tile = 1 + Math.floor(y / geometry.tile) * across + Math.floor(x / geometry.tile);
        const [viewX, viewY] = [x - pad[0], y - pad[1]];
        const inside = viewX >= 0 && viewY >= 0 && viewX < resized[0] && viewY < resized[1];
        for (let channel = 0; channel < 3; channel += 1) {
          const from = 3 * (geometry.tile ** 2 + viewY * resized[0] + viewX) + channel;
          const value = inside ? (pixels[from] ?? 0) : 0;
          const to =
            ((tile * 3 + channel) * geometry.tile + (y % geometry.tile)) * geometry.tile +
            (x % geometry.tile);
          expect(data[to]).toBe(NORMALISED[3 * value + channel]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("gives the base view first, and alone for low detail", () => {
    const { image, pixels } = picture(500, 100, 0, "low");
    pixels[0] = 255;
    const { count, data } = cutTiles({ frame: image, pixels }, geometry);
    expect(count).toBe(1);
    expect(data[0]).toBe(NORMALISED[3 * 255]);
    expect(data[1]).toBe(NORMALISED[0]);
  });
});
