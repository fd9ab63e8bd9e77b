/** PNG files of given image data. */
import { crc32 } from "../../../core/crc32.ts";
import { exifBlock } from "./exif.ts";

export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  /** The zlib stream of filtered rows. */
  readonly data: Uint8Array;
  readonly interlaced?: boolean;
  /** EXIF orientation; none is written when it is left out. */
  readonly orientation?: number;
  /** Chunks before the image data. */
  readonly before?: readonly Uint8Array[];
  /** Chunks after it. */
  readonly after?: readonly Uint8Array[];
}

export function writePng(parts: PngParts): Uint8Array<ArrayBuffer> {
  const { width, height, depth, colourType, interlaced = false, orientation } = parts;
  const header = [...long(width), ...long(height), depth, colourType, 0, 0, Number(interlaced)];
  return joined([
    Uint8Array.from(PNG_SIGNATURE),
    pngChunk("IHDR", header),
    ...(orientation === undefined ? [] : [pngChunk("eXIf", exifBlock(orientation, true))]),
    ...(parts.before ?? []),
    pngChunk("IDAT", parts.data),
    ...(parts.after ?? []),
    pngChunk("IEND", []),
  ]);
}

export function pngChunk(name: string, body: ArrayLike<number>): Uint8Array {
  const checked = joined([new TextEncoder().encode(name), Uint8Array.from(body)]);
  return joined([Uint8Array.from(long(body.length)), checked, Uint8Array.from(long(crc32(checked)))]);
}

function long(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
