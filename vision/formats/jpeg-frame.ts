/** A JPEG's header: markers up to the first scan (ITU-T T.81, annex B). */
import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt, startsWith, uint16 } from "../bytes.ts";
import { orientationOf } from "../metadata/orientation.ts";
import { corrupt, type refuse, truncated, unsupported } from "../refusal.ts";
import type { Header } from "./header.ts";
import { DHT, readTables, type Tables } from "./jpeg-tables.ts";

export interface FrameComponent {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantisation: number;
}

export type ColourModel = "grey" | "ycc" | "rgb" | "cmyk" | "ycck";

export interface JpegHeader extends Header {
  readonly progressive: boolean;
  readonly components: readonly FrameComponent[];
  readonly colours: ColourModel;
  /** Tables as they stand at the first scan; later segments change them. */
  readonly tables: Tables;
  readonly restartInterval: number;
  /** Where the first scan's marker is. */
  readonly firstScan: number;
}

/** A marker and, for those that have one, its segment's body. */
export interface Segment {
  readonly marker: number;
  /** Where the marker's second byte is. */
  readonly at: number;
  readonly body: Uint8Array;
  readonly end: number;
}

export const EOI = 0xd9;
export const SOS = 0xda;
export const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const COM = 0xfe;
/** Segments that may be skipped: DAC, DNL, APPn and COM. */
export const SKIPPED = new Set([0xcc, 0xdc, ...Array.from({ length: 16 }, (_, n) => APP0 + n), COM]);

export const ADVICE = "Send it as a baseline or progressive JPEG.";
const XMP_PREFIX = "http://ns.adobe.com/xap/1.0/\0";

export function isJpeg(bytes: Uint8Array): boolean {
  return startsWith(bytes, "\xff\xd8\xff");
}

/** The next marker from `from` on, or why there is none. */
export function nextSegment(bytes: Uint8Array, from: number): Result<Segment, ImageRefusal> {
  let at = from;
  while (at + 1 < bytes.length) {
    if (byteAt(bytes, at) === 0xff && byteAt(bytes, at + 1) !== 0 && byteAt(bytes, at + 1) !== 0xff) break;
    at++;
  }
  if (at + 1 >= bytes.length) return truncated("its end marker is missing");
  const marker = byteAt(bytes, at + 1);
  const bare = marker === EOI || (marker >= 0xd0 && marker <= 0xd7);
  if (bare) return ok({ marker, at: at + 1, body: bytes.subarray(0, 0), end: at + 2 });
  const length = uint16(bytes, at + 2);
  if (at + 2 + length > bytes.length) return truncated("a segment of its header is incomplete");
  if (length < 2) return corrupt("a segment has no length");
  return ok({ marker, at: at + 1, body: bytes.subarray(at + 4, at + 2 + length), end: at + 2 + length });
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly FrameComponent[];
}

export function readJpeg(bytes: Uint8Array): Result<JpegHeader, ImageRefusal> {
  const tables: Tables = { quantisation: [], dc: [], ac: [] };
  const metadata: Metadata = { exif: [], jfif: false };
  let frame: Frame | undefined;
  let restartInterval = 0;
  let at = 2;
  for (;;) {
    const found = nextSegment(bytes, at);
    if (!found.ok) return found;
    const { marker, body, end } = found.value;
    if (marker === EOI) return truncated("it has no image");
    if (marker === SOS) break;
    if (marker === DRI) {
      restartInterval = uint16(body, 0);
    } else if (isFrameMarker(marker)) {
      if (frame) return corrupt("it has two frame headers");
      const read = readFrame(marker, body);
      if (!read.ok) return read;
      frame = read.value;
    } else if (SKIPPED.has(marker)) {
      readMetadata(marker, body, metadata);
    } else if (!readTables(marker, body, tables)) {
      return corrupt(`segment ${marker.toString(16)} is not valid here`);
    }
    at = end;
  }
  if (!frame) return corrupt("its first scan comes before its frame header");
  return ok({
    width: frame.width,
    height: frame.height,
    progressive: frame.progressive,
    components: frame.components,
    frames: 1,
    hasAlpha: false,
    orientation: orientationOf(metadata.exif.length > 0 ? joined(metadata.exif) : undefined, metadata.xmp),
    colours: colourModel(frame.components, metadata),
    tables,
    restartInterval,
    firstScan: at,
  });
}

function isFrameMarker(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xcc) || marker === 0xde;
}

function readFrame(marker: number, body: Uint8Array): Result<Frame, ImageRefusal> {
  const kind = UNSUPPORTED_FRAMES.get(marker);
  if (kind) return unsupported(`${kind} JPEG`, ADVICE);
  if (marker > 0xc2) return unsupported("Hierarchical JPEG", ADVICE);
  const precision = byteAt(body, 0);
  if (precision !== 8) return unsupported(`JPEG with ${precision} bits a sample`, ADVICE);
  const count = byteAt(body, 5);
  if (body.length !== 6 + 3 * count) return corrupt("its frame header has a wrong length");
  if (count !== 1 && count !== 3 && count !== 4) {
    return unsupported(`JPEG with ${count} components`, ADVICE);
  }
  const components = Array.from({ length: count }, (_, index) => {
    const sampling = byteAt(body, 7 + 3 * index);
    return {
      id: byteAt(body, 6 + 3 * index),
      // A single component's blocks come one by one, whatever its factors.
      horizontal: count === 1 ? 1 : sampling >> 4,
      vertical: count === 1 ? 1 : sampling & 15,
      quantisation: byteAt(body, 8 + 3 * index),
    };
  });
  const problem = checkSampling(components);
  if (problem) return problem;
  return ok({
    width: uint16(body, 3),
    height: uint16(body, 1),
    progressive: marker === 0xc2,
    components,
  });
}

const UNSUPPORTED_FRAMES = new Map([
  [0xc3, "Lossless"],
  [0xc9, "Arithmetic-coded"],
  [0xca, "Arithmetic-coded"],
  [0xcb, "Arithmetic-coded"],
]);

function checkSampling(components: readonly FrameComponent[]): ReturnType<typeof refuse> | undefined {
  const across = Math.max(...components.map(({ horizontal }) => horizontal));
  const down = Math.max(...components.map(({ vertical }) => vertical));
  for (const { horizontal, vertical, quantisation } of components) {
    if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4 || quantisation > 3) {
      return corrupt("its frame header has invalid sampling factors or tables");
    }
    if (across % horizontal !== 0 || down % vertical !== 0) {
      return unsupported("JPEG with fractional sampling factors", ADVICE);
    }
  }
  return undefined;
}

interface Metadata {
  readonly exif: Uint8Array[];
  xmp?: Uint8Array;
  jfif: boolean;
  /** The colour transform that Adobe's segment names. */
  transform?: number;
}

function readMetadata(marker: number, body: Uint8Array, metadata: Metadata): void {
  if (marker === APP0 && body.length >= 14 && startsWith(body, "JFIF\0")) metadata.jfif = true;
  if (marker === APP14 && body.length >= 12 && startsWith(body, "Adobe"))
    metadata.transform = byteAt(body, 11);
  if (marker === APP1 && startsWith(body, "Exif\0\0")) metadata.exif.push(body.subarray(6));
  if (marker === APP1 && startsWith(body, XMP_PREFIX)) metadata.xmp = body.subarray(XMP_PREFIX.length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** libjpeg's guess: JFIF, then Adobe's transform, then the components' names. */
function colourModel(components: readonly FrameComponent[], { jfif, transform }: Metadata): ColourModel {
  if (components.length === 1) return "grey";
  if (components.length === 4) return transform === undefined || transform === 0 ? "cmyk" : "ycck";
  if (jfif) return "ycc";
  if (transform !== undefined) return transform === 0 ? "rgb" : "ycc";
  return components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB" ? "rgb" : "ycc";
}
