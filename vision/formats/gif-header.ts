/** GIF blocks up to the first frame's data, and the number of frames after it (GIF89a specification). */
import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt, startsWith, uint16 } from "../bytes.ts";
import { corrupt, truncated } from "../refusal.ts";
import type { Header } from "./header.ts";

export interface GifHeader extends Header {
  /** The first frame's place on the screen, in pixels. */
  readonly frame: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly interlaced: boolean;
  /** RGB triples, or undefined for grey. */
  readonly palette: Uint8Array | undefined;
  readonly transparentIndex: number | undefined;
  /** Where the frame's LZW data begins, at the byte for its minimum code size. */
  readonly data: number;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

export function isGif(bytes: Uint8Array): boolean {
  return startsWith(bytes, "GIF87a") || startsWith(bytes, "GIF89a");
}

export function readGif(bytes: Uint8Array): Result<GifHeader, ImageRefusal> {
  if (bytes.length < 13) return truncated("its header is incomplete");
  const global = colourTable(bytes, 13, byteAt(bytes, 10));
  let transparentIndex: number | undefined;
  let at = global.end;
  while (at < bytes.length) {
    const block = byteAt(bytes, at);
    if (block === TRAILER) break;
    if (block === EXTENSION) {
      const body = at + 3;
      if (
        byteAt(bytes, at + 1) === GRAPHIC_CONTROL &&
        byteAt(bytes, at + 2) >= 4 &&
        byteAt(bytes, body) & 1
      ) {
        transparentIndex = byteAt(bytes, body + 3);
      }
      at = skipBlocks(bytes, at + 2);
    } else if (block === IMAGE) {
      return readFrame(bytes, at, global.palette, transparentIndex);
    } else {
      at++;
    }
  }
  return at < bytes.length ? corrupt("it has no image") : truncated("it has no image");
}

function readFrame(
  bytes: Uint8Array,
  at: number,
  globalPalette: Uint8Array | undefined,
  transparentIndex: number | undefined,
): Result<GifHeader, ImageRefusal> {
  const flags = byteAt(bytes, at + 9);
  const local = colourTable(bytes, at + 10, flags);
  if (local.end >= bytes.length) return truncated("its first frame is incomplete");
  const frame = {
    left: uint16(bytes, at + 1, true),
    top: uint16(bytes, at + 3, true),
    width: uint16(bytes, at + 5, true),
    height: uint16(bytes, at + 7, true),
  };
  return ok({
    // A frame beyond the screen enlarges it, as in Pillow.
    width: Math.max(uint16(bytes, 6, true), frame.left + frame.width),
    height: Math.max(uint16(bytes, 8, true), frame.top + frame.height),
    frame,
    interlaced: (flags & 64) !== 0,
    // A local table that is grey gives way to a global one that is not: so Pillow has it.
    palette: local.palette ?? globalPalette,
    transparentIndex,
    data: local.end,
    frames: 1 + countFrames(bytes, skipBlocks(bytes, local.end + 1)),
    hasAlpha: transparentIndex !== undefined,
    orientation: 1,
  });
}

/** The colour table that `flags` announces at `at`; a table that names its own indices is grey, as in Pillow. */
function colourTable(
  bytes: Uint8Array,
  at: number,
  flags: number,
): { palette: Uint8Array | undefined; end: number } {
  if (!(flags & 128)) return { palette: undefined, end: at };
  const end = at + 3 * 2 ** ((flags & 7) + 1);
  const palette = bytes.subarray(at, end);
  const isRamp = palette.every((value, index) => value === Math.floor(index / 3));
  return { palette: isRamp ? undefined : palette, end };
}

/** Skips sub-blocks to the byte after their terminator. */
function skipBlocks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && byteAt(bytes, at) !== 0) at += 1 + byteAt(bytes, at);
  return at + 1;
}

function countFrames(bytes: Uint8Array, from: number): number {
  let frames = 0;
  let at = from;
  while (at < bytes.length) {
    const block = byteAt(bytes, at);
    if (block === TRAILER) break;
    if (block === EXTENSION) {
      at = skipBlocks(bytes, at + 2);
    } else if (block === IMAGE) {
      frames++;
      at = skipBlocks(bytes, colourTable(bytes, at + 10, byteAt(bytes, at + 9)).end + 1);
    } else {
      at++;
    }
  }
  return frames;
}
