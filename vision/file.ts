/** An image file: its format, what its header says, and whether the limits allow it. Nothing is decoded. */
import { ok, type Result } from "../core/result.ts";
import type { ImageProbe, ImageRefusal } from "../core/vision.ts";
import { type GifHeader, isGif, readGif } from "./formats/gif-header.ts";
import { isJpeg, type JpegHeader, readJpeg } from "./formats/jpeg-frame.ts";
import { type Inflate, isPng, type PngHeader, readPng } from "./formats/png-header.ts";
import { describeUnknown } from "./formats/unknown.ts";
import { isWebp, readWebp, type WebpHeader } from "./formats/webp-header.ts";
import { type ImageLimits, MAX_SIDE } from "./limits.ts";
import { refuse, refuseBeyond } from "./refusal.ts";

export type ImageFile =
  | { readonly format: "jpeg"; readonly header: JpegHeader }
  | { readonly format: "png"; readonly header: PngHeader }
  | { readonly format: "gif"; readonly header: GifHeader }
  | { readonly format: "webp"; readonly header: WebpHeader };

/** Reads a header and holds it against the limits. */
export function openFile(
  bytes: Uint8Array,
  limits: ImageLimits,
  inflate: Inflate,
): Result<ImageFile, ImageRefusal> {
  if (bytes.length === 0) return refuse("image_empty", "The image has no bytes.");
  if (bytes.length > limits.bytes) {
    return refuseBeyond(
      "image_too_many_bytes",
      `The image has ${bytes.length} bytes; the limit is ${limits.bytes}.`,
      limits.bytes,
      bytes.length,
    );
  }
  const file = readHeader(bytes, inflate);
  if (!file.ok) return file;
  return checkSize(file.value, limits) ?? file;
}

function readHeader(bytes: Uint8Array, inflate: Inflate): Result<ImageFile, ImageRefusal> {
  if (isJpeg(bytes)) return named("jpeg", readJpeg(bytes));
  if (isPng(bytes)) return named("png", readPng(bytes, inflate));
  if (isGif(bytes)) return named("gif", readGif(bytes));
  if (isWebp(bytes)) return named("webp", readWebp(bytes));
  return refuse("image_format_unsupported", describeUnknown(bytes));
}

function named<Format, Header>(
  format: Format,
  header: Result<Header, ImageRefusal>,
): Result<{ format: Format; header: Header }, ImageRefusal> {
  return header.ok ? ok({ format, header: header.value }) : header;
}

function checkSize(file: ImageFile, limits: ImageLimits): ReturnType<typeof refuse> | undefined {
  const { width, height, frames } = file.header;
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    return refuseBeyond(
      "image_dimensions_invalid",
      `The image's size is ${width}×${height}; each side must be 1 to ${MAX_SIDE} pixels.`,
      MAX_SIDE,
      Math.min(width, height) < 1 ? 0 : Math.max(width, height),
    );
  }
  const { name, limit } = pixelLimit(file, limits);
  if (width * height > limit) {
    return refuseBeyond(
      "image_too_many_pixels",
      `The image has ${width}×${height} pixels; the limit for ${name} is ${limit}.`,
      limit,
      width * height,
    );
  }
  if (frames > limits.frames) {
    return refuseBeyond(
      "image_corrupt",
      `The file has ${frames} frames; the limit is ${limits.frames}.`,
      limits.frames,
      frames,
    );
  }
  return undefined;
}

/** Images that have to be held whole have limits of their own. */
function pixelLimit({ format, header }: ImageFile, limits: ImageLimits): { name: string; limit: number } {
  if (format === "png" && header.interlaced)
    return { name: "interlaced PNG", limit: limits.interlacedPixels };
  if (format === "webp" && !header.keyFrame) {
    return { name: "WebP that is lossless or has alpha", limit: limits.libwebpPixels };
  }
  return { name: format.toUpperCase(), limit: limits.pixels[format] };
}

export function describe({ format, header }: ImageFile): ImageProbe {
  const { width, height, orientation, frames, hasAlpha } = header;
  return { format, width, height, orientation, frames, hasAlpha };
}
