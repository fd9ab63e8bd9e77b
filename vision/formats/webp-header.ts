/** WebP's RIFF chunks (RFC 9649), to the first frame. */
import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt, startsWith, text, uint16, uint24, uint32 } from "../bytes.ts";
import { orientationOf } from "../metadata/orientation.ts";
import { corrupt, truncated } from "../refusal.ts";
import type { Header } from "./header.ts";

export interface WebpHeader extends Header {
  /** The key frame of an opaque lossy image that covers its canvas. */
  readonly keyFrame: Uint8Array | undefined;
  /** A file of one still image: this file, or the first frame of an animation cut out. */
  readonly still: Uint8Array;
  /** The still image's place on the canvas, in pixels. */
  readonly frame: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

interface Chunk {
  readonly name: string;
  /** The chunk with its header and padding. */
  readonly whole: Uint8Array;
  readonly body: Uint8Array;
}

const ANIMATION_FLAG = 2;
const ALPHA_FLAG = 16;
/** Left, top, width, height, duration and flags of an animation frame, before its own chunks. */
const FRAME_HEADER_BYTES = 16;

export function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8);
}

export function readWebp(bytes: Uint8Array): Result<WebpHeader, ImageRefusal> {
  const riffEnd = 8 + uint32(bytes, 4, true);
  if (riffEnd > bytes.length) return truncated("its chunks are incomplete");
  const chunks = chunksOf(bytes.subarray(0, riffEnd), 12);
  if (!chunks) return truncated("a chunk is incomplete");
  const first = chunks[0];
  if (first?.name === "VP8 " || first?.name === "VP8L") {
    const size = imageSize(first);
    if (!size) return corrupt("its image has no valid header");
    return ok({
      ...size,
      frames: 1,
      orientation: 1,
      keyFrame: first.name === "VP8 " ? first.body : undefined,
      still: bytes,
      frame: { left: 0, top: 0, width: size.width, height: size.height },
    });
  }
  if (first?.name !== "VP8X" || first.body.length < 10) return corrupt("its first chunk is unknown");
  return readExtended(bytes, first, chunks);
}

function readExtended(
  bytes: Uint8Array,
  first: Chunk,
  chunks: readonly Chunk[],
): Result<WebpHeader, ImageRefusal> {
  const flags = byteAt(first.body, 0);
  const width = uint24(first.body, 4) + 1;
  const height = uint24(first.body, 7) + 1;
  const common = {
    width,
    height,
    hasAlpha: (flags & ALPHA_FLAG) !== 0,
    orientation: orientationOf(bodyOf(chunks, "EXIF"), bodyOf(chunks, "XMP ")),
  };
  if (!(flags & ANIMATION_FLAG)) {
    const image = chunks.find(({ name }) => name === "VP8 " || name === "VP8L");
    if (!image) return truncated("it has no image");
    const size = imageSize(image);
    if (size?.width !== width || size.height !== height) {
      return corrupt("its image and its canvas differ in size");
    }
    const hasAlpha = chunks.some(({ name }) => name === "ALPH");
    return ok({
      ...common,
      frames: 1,
      keyFrame: image.name === "VP8 " && !hasAlpha ? image.body : undefined,
      still: bytes,
      frame: { left: 0, top: 0, width, height },
    });
  }

  const animated = chunks.filter(({ name }) => name === "ANMF");
  const frame = animated[0];
  if (!frame) return truncated("its animation has no frame");
  const left = uint24(frame.body, 0) * 2;
  const top = uint24(frame.body, 3) * 2;
  const frameWidth = uint24(frame.body, 6) + 1;
  const frameHeight = uint24(frame.body, 9) + 1;
  const parts = chunksOf(frame.body, FRAME_HEADER_BYTES);
  const image = parts?.find(({ name }) => name === "VP8 " || name === "VP8L");
  if (!image) return truncated("its first frame has no image");
  const size = imageSize(image);
  if (size?.width !== frameWidth || size.height !== frameHeight) {
    return corrupt("its first frame's image has another size than the frame");
  }
  if (left + frameWidth > width || top + frameHeight > height) {
    return corrupt("its first frame lies outside of the canvas");
  }
  const alpha = parts?.find(({ name }) => name === "ALPH");
  return ok({
    ...common,
    frames: animated.length,
    keyFrame:
      image.name === "VP8 " && !alpha && frameWidth === width && frameHeight === height
        ? image.body
        : undefined,
    still: stillFile(image, image.name === "VP8 " ? alpha : undefined, frame.body),
    frame: { left, top, width: frameWidth, height: frameHeight },
  });
}

/** The chunks from `at` on; undefined when the last one is cut short. */
function chunksOf(bytes: Uint8Array, at: number): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let next = at;
  while (next + 8 <= bytes.length) {
    const size = uint32(bytes, next + 4, true);
    if (next + 8 + size > bytes.length) return undefined;
    const end = next + 8 + size + (size & 1);
    chunks.push({
      name: text(bytes, next, 4),
      whole: bytes.subarray(next, end),
      body: bytes.subarray(next + 8, next + 8 + size),
    });
    next = end;
  }
  return chunks;
}

function bodyOf(chunks: readonly Chunk[], wanted: string): Uint8Array | undefined {
  return chunks.find(({ name }) => name === wanted)?.body;
}

function imageSize({ name, body }: Chunk): Pick<Header, "width" | "height" | "hasAlpha"> | undefined {
  if (name === "VP8L") {
    if (byteAt(body, 0) !== 0x2f) return undefined;
    const bits = uint32(body, 1, true);
    return {
      width: (bits & 0x3fff) + 1,
      height: ((bits >>> 14) & 0x3fff) + 1,
      hasAlpha: ((bits >>> 28) & 1) === 1,
    };
  }
  if (uint24(body, 3) !== 0x2a019d) return undefined;
  return { width: uint16(body, 6, true) & 0x3fff, height: uint16(body, 8, true) & 0x3fff, hasAlpha: false };
}

/** A still file of one frame's chunks; with an alpha chunk it needs the extended header. */
function stillFile(image: Chunk, alpha: Chunk | undefined, frame: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  if (alpha) {
    const extended = new Uint8Array(18);
    extended.set(new TextEncoder().encode("VP8X"));
    extended[4] = 10;
    extended[8] = ALPHA_FLAG;
    // An animation frame and the extended header store width - 1 and height - 1 alike.
    extended.set(frame.subarray(6, 12), 12);
    parts.push(extended, alpha.whole);
  }
  parts.push(image.whole);
  const size = parts.reduce((sum, part) => sum + part.length, 4);
  const file = new Uint8Array(8 + size);
  file.set(new TextEncoder().encode("RIFF"));
  new DataView(file.buffer).setUint32(4, size, true);
  file.set(new TextEncoder().encode("WEBP"), 8);
  let at = 12;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
