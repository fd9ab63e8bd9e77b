/** The Wasm resampler against the plain one, on random sizes, with every EXIF orientation. */
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import type { Geometry } from "../core/models.ts";
import { writePng } from "../test/properties/generate/png-file.ts";
import { Random } from "../test/properties/generate/random.ts";
import { openNodeVision } from "./node.ts";
import { resample } from "./testing/resample.ts";

/** How orientation 1 to 8 takes stored coordinates from upright ones: EXIF 2.32, "Orientation". */
const STORED: readonly ((x: number, y: number, w: number, h: number) => readonly [number, number])[] = [
  (x, y) => [x, y],
  (x, y, w) => [w - 1 - x, y],
  (x, y, w, h) => [w - 1 - x, h - 1 - y],
  (x, y, _, h) => [x, h - 1 - y],
  (x, y) => [y, x],
  (x, y, _, h) => [y, h - 1 - x],
  (x, y, w, h) => [w - 1 - y, h - 1 - x],
  (x, y, w) => [w - 1 - y, x],
];

function upright(rgb: Uint8Array, width: number, height: number, orientation: number): Uint8Array {
  const [outWidth, outHeight] = orientation >= 5 ? [height, width] : [width, height];
  const out = new Uint8Array(rgb.length);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const stored = STORED[orientation - 1]?.(x, y, width, height) ?? [0, 0];
      const from = (stored[1] * width + stored[0]) * 3;
      out.set(rgb.subarray(from, from + 3), (y * outWidth + x) * 3);
    }
  }
  return out;
}

it("resizes and turns as the plain resampler does", async () => {
  const vision = openNodeVision();
  const random = new Random(4);
  for (let round = 0; round < 48; round++) {
    const width = random.integer(1, 260);
    const height = random.integer(1, 200);
    const orientation = (round % 8) + 1;
    const rgb = random.bytes(width * height * 3);
    const tile = random.integer(16, 120);
    const geometry: Geometry = {
      tile,
      patch: tile,
      pinpoints: [
        [tile, tile],
        [tile * 2, tile],
        [tile, tile * 2],
      ],
      pinpointOrder: "wh",
      unpad: "exact",
    };
    const rows = Array.from({ length: height }, (_, y) => [
      0,
      ...rgb.subarray(y * width * 3, (y + 1) * width * 3),
    ]);
    const data = deflateSync(Uint8Array.from(rows.flat()), { level: 1 });
    const file = writePng({ width, height, depth: 8, colourType: 2, data, orientation });
    const prepared = await vision.prepare(file, geometry, "default");
    if (!prepared.ok) throw new Error(prepared.error.message);
    const whole = upright(rgb, width, height, orientation);
    const size = [prepared.value.width, prepared.value.height] as const;
    const label = `${width}×${height}, orientation ${orientation}, tile ${tile}`;
    expect(prepared.value.base, label).toEqual(resample(whole, ...size, tile, tile));
    expect(prepared.value.view, label).toEqual(resample(whole, ...size, ...prepared.value.resized));
  }
});
