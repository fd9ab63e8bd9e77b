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
  const row = new Uint8Array(engine.memory.buffer, engine.packedRow(), width * 4);
  // Without the alpha flag a file is opaque, whatever its frame says.
  const composited = Number(onWhite && header.hasAlpha);
  for (let y = 0; y < height; y++) {
    const inFrame = y - frame.top;
    const isCovered = inFrame >= 0 && inFrame < frame.height;
    // Around the first frame of an animation the canvas is transparent black.
    if (frame.width < width || !isCovered) row.fill(0);
    if (isCovered) {
      const from = inFrame * frame.width * 4;
      row.set(picture.data.subarray(from, from + frame.width * 4), frame.left * 4);
    }
    engine.pushRgba(composited);
    if (y % rowsPerYield(width) === 0) yield;
  }
  return done;
}
