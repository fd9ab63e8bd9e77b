/** Random WebP files: lossy, lossless and with alpha, still and animated, turned and not (RFC 9649). */
import { exifBlock } from "./exif.ts";
import type { Random } from "./random.ts";
import { randomLossless } from "./webp-lossless.ts";
import { randomKeyFrame } from "./webp-lossy.ts";

const ANIMATED = 0x02;
const EXIF = 0x08;
const ALPHA = 0x10;

export function randomWebp(random: Random): Uint8Array {
  const [width, height] = [random.integer(1, 70), random.integer(1, 60)];
  const flags = random.chance(0.2) ? EXIF : 0;
  if (random.chance(0.3)) return animated(random, width, height, flags);
  const { chunks, hasAlpha } = picture(random, width, height);
  const isSimple = chunks.length === 1 && flags === 0 && random.chance(0.5);
  if (isSimple) return riff(chunks);
  return riff([
    extended(flags | (hasAlpha ? ALPHA : 0), width, height),
    ...chunks,
    ...metadata(random, flags),
  ]);
}

/** One or two frames, of which the first lies anywhere on its canvas. */
function animated(random: Random, width: number, height: number, flags: number): Uint8Array {
  const frames = Array.from({ length: random.integer(1, 2) }, () => {
    const whole = random.chance(0.4);
    const left = whole ? 0 : 2 * random.integer(0, (width - 1) >> 1);
    const top = whole ? 0 : 2 * random.integer(0, (height - 1) >> 1);
    const frameWidth = whole ? width : random.integer(1, width - left);
    const frameHeight = whole ? height : random.integer(1, height - top);
    const place = [left / 2, top / 2, frameWidth - 1, frameHeight - 1, random.integer(0, 1000)];
    const { chunks, hasAlpha } = picture(random, frameWidth, frameHeight);
    const body = [...place.flatMap(triple), random.integer(0, 3), ...chunks.flat()];
    return { chunk: chunk("ANMF", body), isOpaque: !hasAlpha && whole };
  });
  const needsAlpha = frames.some(({ isOpaque }) => !isOpaque) || random.chance(0.3);
  return riff([
    extended(flags | ANIMATED | (needsAlpha ? ALPHA : 0), width, height),
    chunk("ANIM", [...random.bytes(4), 0, 0]),
    ...frames.map((frame) => frame.chunk),
    ...metadata(random, flags),
  ]);
}

function picture(random: Random, width: number, height: number): { chunks: number[][]; hasAlpha: boolean } {
  const kind = random.pick(["lossy", "lossy", "lossy with alpha", "lossless"] as const);
  if (kind === "lossless") {
    const hasAlpha = random.chance(0.5);
    return { chunks: [chunk("VP8L", randomLossless(random, width, height, hasAlpha))], hasAlpha };
  }
  const hasAlpha = kind === "lossy with alpha";
  const frame = chunk("VP8 ", randomKeyFrame(random, width, height, hasAlpha));
  if (!hasAlpha) return { chunks: [frame], hasAlpha };
  return { chunks: [chunk("ALPH", alphaPlane(random, width * height)), frame], hasAlpha };
}

/** An uncompressed alpha plane; its bytes are differences when it has a filter. */
function alphaPlane(random: Random, pixels: number): number[] {
  const filter = random.integer(0, 3);
  const noise = random.pick([0.05, 1]);
  const rest = filter === 0 ? 255 : 0;
  return [
    filter << 2,
    ...Array.from({ length: pixels }, () => (random.chance(noise) ? random.integer(0, 255) : rest)),
  ];
}

function extended(flags: number, width: number, height: number): number[] {
  return chunk("VP8X", [flags, 0, 0, 0, ...triple(width - 1), ...triple(height - 1)]);
}

function metadata(random: Random, flags: number): number[][] {
  return flags & EXIF ? [chunk("EXIF", exifBlock(random.integer(1, 8), random.chance(0.5)))] : [];
}

function riff(chunks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(chunk("RIFF", [...ascii("WEBP"), ...chunks.flat()]));
}

function chunk(name: string, body: readonly number[]): number[] {
  const padding = body.length & 1 ? [0] : [];
  return [...ascii(name), ...triple(body.length), body.length >>> 24, ...body, ...padding];
}

function triple(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
