/** Pictures made by the tests themselves: a PNG writer (W3C PNG, third edition) and a few things to draw. */
import { crc32, deflateSync } from "node:zlib";

export type Color = readonly [red: number, green: number, blue: number];

/** A PNG of 8-bit RGB whose pixels are what `paint` says. */
export function png(width: number, height: number, paint: (x: number, y: number) => Color): Buffer {
  const stride = 1 + 3 * width;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set(paint(x, y), y * stride + 1 + 3 * x);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Stripes in colours that the seed decides: different bytes for every seed, and little of them at any size. */
export function stripes(width: number, height: number, seed: number): Buffer {
  const color: Color = [(seed * 37) & 255, (seed * 101 + 60) & 255, (seed * 173 + 120) & 255];
  const band = 8 + (seed % 40);
  return png(width, height, (_, y) => (Math.floor(y / band) % 2 === 0 ? color : [255, 255, 255]));
}

export function dataUrl(bytes: Uint8Array, type = "image/png"): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
