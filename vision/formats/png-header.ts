/** PNG chunks up to the image data and the metadata after it (W3C PNG, third edition). */

import { crc32 } from "../../core/crc32.ts";
import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt, startsWith, text, uint16, uint32 } from "../bytes.ts";
import { orientationOf } from "../metadata/orientation.ts";
import { corrupt, type refuse, truncated } from "../refusal.ts";
import type { Header } from "./header.ts";

export const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";

export type Inflate = (compressed: Uint8Array, limit: number) => Uint8Array | undefined;

export interface PngHeader extends Header {
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
  /** RGB triples. */
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  /** The payloads of the image data, in order. */
  readonly data: readonly Uint8Array[];
}

/** Colour types with the depths they may have. */
const DEPTHS = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

/** The largest text chunk that is inflated, in bytes. */
const MAX_TEXT = 1 << 20;

/** Values that the chunks fill in as they come. */
interface Found {
  palette?: Uint8Array;
  transparency?: Uint8Array;
  exif?: Uint8Array;
  rawExif?: Uint8Array | undefined;
  xmp?: Uint8Array;
  frames: number;
  data: Uint8Array[];
}

export function readPng(bytes: Uint8Array, inflate: Inflate): Result<PngHeader, ImageRefusal> {
  if (bytes.length < 33) return truncated("its header is incomplete");
  if (uint32(bytes, 8) < 13 || text(bytes, 12, 4) !== "IHDR") return corrupt("it does not begin with IHDR");
  const width = uint32(bytes, 16);
  const height = uint32(bytes, 20);
  const depth = byteAt(bytes, 24);
  const colourType = byteAt(bytes, 25);
  if (!DEPTHS.get(colourType)?.includes(depth)) {
    return corrupt(`colour type ${colourType} has no depth ${depth}`);
  }
  if (byteAt(bytes, 27) !== 0) return corrupt("its filter method is unknown");

  const found: Found = { frames: 1, data: [] };
  const problem = readChunks(bytes, found, inflate, [width, height]);
  if (problem) return problem;
  if (colourType === 3 && !found.palette) return corrupt("a palette image has no palette");
  return ok({
    width,
    height,
    depth,
    colourType,
    interlaced: byteAt(bytes, 28) !== 0,
    palette: found.palette,
    transparency: found.transparency,
    data: found.data,
    frames: found.frames,
    hasAlpha: colourType >= 4 || found.transparency !== undefined,
    orientation: orientationOf(found.exif ?? found.rawExif, found.xmp),
  });
}

/** Reads all chunks; a refusal when one before the image data is damaged, as in Pillow. */
function readChunks(
  bytes: Uint8Array,
  found: Found,
  inflate: Inflate,
  size: readonly [number, number],
): ReturnType<typeof refuse> | undefined {
  let at = 8;
  let dataEnded = false;
  while (at + 8 <= bytes.length) {
    const length = uint32(bytes, at);
    const name = text(bytes, at + 4, 4);
    if (!/^\w{4}$/.test(name)) {
      if (found.data.length > 0) break;
      return corrupt("a chunk has no valid name");
    }
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IEND") break;
    if (name === "IDAT") {
      if (!dataEnded) found.data.push(body);
    } else {
      dataEnded ||= found.data.length > 0;
      if (!dataEnded) {
        if (at + 12 + length > bytes.length) return truncated(`chunk ${name} is incomplete`);
        if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== uint32(bytes, at + 8 + length)) {
          return corrupt(`chunk ${name} has a wrong checksum`);
        }
      }
      const problem = readChunk(name, body, found, inflate, size);
      if (problem) return problem;
    }
    at += 12 + length;
  }
  return found.data.length === 0 ? truncated("it has no image data") : undefined;
}

function readChunk(
  name: string,
  body: Uint8Array,
  found: Found,
  inflate: Inflate,
  size: readonly [number, number],
): ReturnType<typeof refuse> | undefined {
  const beforeData = found.data.length === 0;
  if (name === "PLTE" && beforeData) found.palette = body;
  else if (name === "tRNS" && beforeData) found.transparency = body;
  else if (name === "acTL" && beforeData) found.frames = Math.max(uint32(body, 0), 1);
  else if (name === "eXIf") found.exif = body;
  else if (name === "tEXt" || name === "zTXt" || name === "iTXt") readText(name, body, found, inflate);
  else if (name === "fcTL" && beforeData) {
    // A first frame that is the default image must cover it: APNG, "fcTL".
    const covers = uint32(body, 4) === size[0] && uint32(body, 8) === size[1];
    if (!covers || uint32(body, 12) !== 0 || uint32(body, 16) !== 0) {
      return corrupt("the first frame of the animation does not cover the image");
    }
  }
  return undefined;
}

function readText(name: string, body: Uint8Array, found: Found, inflate: Inflate): void {
  const keyEnd = body.indexOf(0);
  if (keyEnd < 0) return;
  const key = text(body, 0, keyEnd);
  if (key !== "XML:com.adobe.xmp" && key !== "Raw profile type exif") return;
  const value = textValue(name, body.subarray(keyEnd + 1), inflate);
  if (!value) return;
  if (key === "XML:com.adobe.xmp") found.xmp = value;
  else found.rawExif = hexProfile(new TextDecoder("latin1").decode(value));
}

function textValue(name: string, body: Uint8Array, inflate: Inflate): Uint8Array | undefined {
  if (name === "tEXt") return body;
  if (name === "zTXt") return inflate(body.subarray(1), MAX_TEXT);
  const languageEnd = body.indexOf(0, 2);
  const keywordEnd = languageEnd < 0 ? -1 : body.indexOf(0, languageEnd + 1);
  if (keywordEnd < 0) return undefined;
  const value = body.subarray(keywordEnd + 1);
  return byteAt(body, 0) === 0 ? value : inflate(value, MAX_TEXT);
}

/** ImageMagick's form: three lines of preamble, then hex digits. */
function hexProfile(profile: string): Uint8Array | undefined {
  const digits = profile.split("\n").slice(3).join("").replaceAll(/\s/g, "");
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function isPng(bytes: Uint8Array): boolean {
  return startsWith(bytes, PNG_SIGNATURE);
}

/** The transparent colour of a grey or RGB image in tRNS: each sample's low byte, as Pillow compares it; -1 for none. */
export function keyColour({ colourType, transparency }: PngHeader): number {
  if (!transparency) return -1;
  if (colourType === 0 && transparency.length >= 2) return uint16(transparency, 0) & 255;
  if (colourType !== 2 || transparency.length < 6) return -1;
  const [red, green, blue] = [0, 2, 4].map((at) => uint16(transparency, at) & 255);
  return ((red ?? 0) << 16) | ((green ?? 0) << 8) | (blue ?? 0);
}
