/**
 * A WebP's rows. Opaque lossy images stream through the Wasm module; of the others libwebp decodes the whole
 * (@jsquash/webp).
 */
import { uint24 } from "../bytes.ts";
import { copyIn, type Engine } from "../engine.ts";
import { corrupt, truncated } from "../refusal.ts";
import { type Decoding, done } from "./decoding.ts";
import { rowsPerYield } from "./pace.ts";
import type { WebpHeader } from "./webp-header.ts";

/** Decodes a still file to RGBA, or undefined when it is damaged. */
export type StillDecoder = (
  file: Uint8Array,
) => { data: Uint8ClampedArray; width: number; height: number } | undefined;

/** Bytes of a key frame's tag, start code and size (RFC 6386, section 9.1). */
const FRAME_TAG_BYTES = 10;
const FINISHED = 1;
const TRUNCATED = -1;

/** Decodes a row of macroblocks at a time; the caller has begun the image. */
export function* decodeKeyFrame(engine: Engine, header: WebpHeader, keyFrame: Uint8Array): Decoding {
  const tag = uint24(keyFrame, 0);
  const isShown = (tag & 16) !== 0;
  if ((tag & 1) !== 0 || ((tag >> 1) & 7) > 3 || !isShown) return corrupt("its frame is no key frame");
  const { at, size } = copyIn(engine, [keyFrame.subarray(FRAME_TAG_BYTES)]);
  if (!engine.beginWebp(header.width, header.height, at, tag >> 5, size)) {
    return truncated("its frame's partitions are incomplete");
  }
  // Its pixels take four times as long as those of a JPEG.
  const pace = Math.max(Math.floor(rowsPerYield(header.width * 4) / 16), 1);
  for (let row = 1; ; row++) {
    const step = engine.stepWebp();
    if (step === FINISHED) return done;
    if (step === TRUNCATED) return truncated("its frame's data ends early");
    if (row % pace === 0) yield;
  }
}

/** Sends on what libwebp decodes. */
export function* decodeWebp(
  engine: Engine,
  header: WebpHeader,
  onWhite: boolean,
  decodeStill: StillDecoder,
): Decoding {
  const { frame, width, height } = header;
  const image = decodeStill(header.still);
  if (!image || image.width !== frame.width || image.height !== frame.height) {
    return corrupt("its image can't be decoded");
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
      row.set(image.data.subarray(from, from + frame.width * 4), frame.left * 4);
    }
    engine.pushRgba(composited);
    if (y % rowsPerYield(width) === 0) yield;
  }
  return done;
}
