/** A WebP's rows: libwebp decodes the whole picture (@jsquash/webp), the Wasm module resizes it. */
import type { Engine } from "../engine.ts";
import { corrupt } from "../refusal.ts";
import { type Decoding, done } from "./decoding.ts";
import { rowsPerYield } from "./pace.ts";
import type { WebpHeader } from "./webp-header.ts";

/** Decodes a still file to RGBA, or undefined when it is damaged. */
export type StillDecoder = (
  file: Uint8Array,
) => { data: Uint8ClampedArray; width: number; height: number } | undefined;

export function* decodeWebp(
  engine: Engine,
  header: WebpHeader,
  onWhite: boolean,
  decodeStill: StillDecoder,
): Decoding {
  const { frame, width, height } = header;
  const picture = decodeStill(header.still);
  if (!picture || picture.width !== frame.width || picture.height !== frame.height) {
    return corrupt("its picture can't be decoded");
  }
  yield;
  const composited = onWhite && header.hasAlpha;
  // Around the first frame of an animation the canvas is transparent black.
  const around = composited ? 255 : 0;
  const row = new Uint8Array(width * 3);
  for (let y = 0; y < height; y++) {
    row.fill(around);
    const inFrame = y - frame.top;
    if (inFrame >= 0 && inFrame < frame.height) {
      const from = inFrame * frame.width * 4;
      const pixels = picture.data.subarray(from, from + frame.width * 4);
      writeRow(pixels, row.subarray(frame.left * 3), composited);
    }
    new Uint8Array(engine.memory.buffer, engine.packedRow(), row.length).set(row);
    engine.pushPacked();
    if (y % rowsPerYield(width) === 0) yield;
  }
  return done;
}

function writeRow(rgba: Uint8ClampedArray, rgb: Uint8Array, composited: boolean): void {
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = composited ? (rgba[from + 3] ?? 255) : 255;
    for (let colour = 0; colour < 3; colour++) {
      const value = rgba[from + colour] ?? 0;
      rgb[to + colour] = alpha === 255 ? value : onWhitePixel(value, alpha);
    }
  }
}

/** `value` seen through `alpha` on white, rounded as Pillow's paste with a mask. */
function onWhitePixel(value: number, alpha: number): number {
  const sum = 255 * (255 - alpha) + value * alpha + 128;
  return ((sum >> 8) + sum) >> 8;
}
