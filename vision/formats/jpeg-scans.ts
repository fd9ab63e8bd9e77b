/** A JPEG's scans, found and checked before any of them is decoded. */
import { ok, type Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt, uint16 } from "../bytes.ts";
import { corrupt, refuseBeyond, truncated, unsupported } from "../refusal.ts";
import { ADVICE, DRI, EOI, type JpegHeader, nextSegment, SKIPPED, SOS } from "./jpeg-frame.ts";
import {
  fillStandardTables,
  type HuffmanTable,
  isUsable,
  type QuantisationTable,
  readTables,
  type Tables,
} from "./jpeg-tables.ts";

export interface ScanComponent {
  /** The component's place in the frame. */
  readonly index: number;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

export interface Scan {
  readonly components: readonly ScanComponent[];
  /** First and last coefficient, in zigzag order. */
  readonly spectrum: readonly [number, number];
  /** Successive approximation: high and low bit position. */
  readonly approximation: readonly [number, number];
  readonly restartInterval: number;
  /** The entropy-coded bytes. */
  readonly start: number;
  readonly end: number;
}

export interface JpegScans {
  readonly scans: readonly Scan[];
  /** Each component's table when its first scan began. */
  readonly quantisation: readonly QuantisationTable[];
}

/** Real files have about ten; each one costs a pass over the whole image. */
const MAX_SCANS = 100;
/** Blocks of an MCU, at most (ITU-T T.81, B.2.3). */
const MAX_MCU_BLOCKS = 10;
/** With one of these missing, decoders guess it from neighbouring blocks, each in its own way. */
const SMOOTHED_COEFFICIENTS = 9;

/** Where a scan's entropy-coded bytes end that begin at `start`: at a marker that is no restart marker. */
export type EntropyEnd = (start: number) => number;

export function readScans(
  bytes: Uint8Array,
  header: JpegHeader,
  entropyEnd: EntropyEnd,
): Result<JpegScans, ImageRefusal> {
  const tables: Tables = {
    quantisation: [...header.tables.quantisation],
    dc: [...header.tables.dc],
    ac: [...header.tables.ac],
  };
  if (!header.progressive) fillStandardTables(tables);
  const quantisation: QuantisationTable[] = [];
  const precision = header.components.map(() => new Int8Array(64).fill(-1));
  const scans: Scan[] = [];
  let { restartInterval } = header;
  let at = header.firstScan;
  for (;;) {
    const found = nextSegment(bytes, at);
    if (!found.ok) return found;
    const { marker, body, end } = found.value;
    at = end;
    if (marker === EOI) break;
    if (marker === SOS) {
      const scan = readScan(body, header, tables, restartInterval, [end, entropyEnd(end)]);
      if (!scan.ok) return scan;
      scans.push(scan.value);
      at = scan.value.end;
      for (const { index } of scan.value.components) {
        const table = tables.quantisation[header.components[index]?.quantisation ?? 0];
        if (!table) return corrupt("a quantisation table is missing");
        quantisation[index] ??= table;
        notePrecision(precision[index], scan.value);
      }
      if (scans.length > MAX_SCANS) {
        return refuseBeyond(
          "image_corrupt",
          `The file has more than ${MAX_SCANS} scans, which is the limit.`,
          MAX_SCANS,
          scans.length,
        );
      }
    } else if (marker === DRI) {
      restartInterval = uint16(body, 0);
    } else if (!SKIPPED.has(marker) && !isRestart(marker) && !readTables(marker, body, tables)) {
      return corrupt(`segment ${marker.toString(16)} is not valid here`);
    }
  }
  return checkComplete(header, scans, precision) ?? ok({ scans, quantisation });
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7;
}

function readScan(
  body: Uint8Array,
  header: JpegHeader,
  tables: Tables,
  restartInterval: number,
  [start, end]: readonly [number, number],
): Result<Scan, ImageRefusal> {
  const count = byteAt(body, 0);
  if (count < 1 || count > 4 || body.length !== 4 + 2 * count) return corrupt("a scan header is malformed");
  const [spectralStart, spectralEnd, bits] = [1, 2, 3].map((n) => byteAt(body, 2 * count + n));
  const spectrum = header.progressive
    ? ([spectralStart ?? 0, spectralEnd ?? 0] as const)
    : ([0, 63] as const);
  const approximation = header.progressive
    ? ([(bits ?? 0) >> 4, (bits ?? 0) & 15] as const)
    : ([0, 0] as const);
  if (header.progressive && !isProgression(spectrum, approximation, count)) {
    return corrupt("a scan header names an impossible progression");
  }
  const components: ScanComponent[] = [];
  for (let place = 0; place < count; place++) {
    const id = byteAt(body, 1 + 2 * place);
    const selectors = byteAt(body, 2 + 2 * place);
    // libjpeg matches names in the frame's order, and never one that stands before the scan's place.
    const index = header.components.findIndex((one, position) => one.id === id && position >= place);
    if (index < 0 || components.some((one) => one.index === index)) {
      return corrupt("a scan names an unknown component");
    }
    components.push({ index, dc: tables.dc[selectors >> 4], ac: tables.ac[selectors & 15] });
  }
  const blocks = components.reduce((sum, { index }) => {
    const one = header.components[index];
    return sum + (one ? one.horizontal * one.vertical : 0);
  }, 0);
  if (count > 1 && blocks > MAX_MCU_BLOCKS) {
    return unsupported(`JPEG with ${blocks} blocks in an MCU`, ADVICE);
  }
  const needsDc = spectrum[0] === 0 && approximation[0] === 0;
  const needsAc = spectrum[1] > 0;
  for (const { dc, ac } of components) {
    if ((needsDc && !(dc && isUsable(dc, true))) || (needsAc && !(ac && isUsable(ac, false)))) {
      return corrupt("a Huffman table is missing or malformed");
    }
  }
  return ok({ components, spectrum, approximation, restartInterval, start, end });
}

/** ITU-T T.81, G.1.1.1: what a progressive scan may carry. */
function isProgression(
  [start, end]: readonly [number, number],
  [high, low]: readonly [number, number],
  components: number,
): boolean {
  if (start === 0 ? end !== 0 : start > end || end > 63 || components !== 1) return false;
  return low <= 13 && (high === 0 || low === high - 1);
}

function notePrecision(precision: Int8Array | undefined, { spectrum, approximation }: Scan): void {
  precision?.fill(approximation[1], spectrum[0], spectrum[1] + 1);
}

function checkComplete(
  header: JpegHeader,
  scans: readonly Scan[],
  precision: readonly Int8Array[],
): ReturnType<typeof truncated> | undefined {
  if (precision.some((bits) => (bits[0] ?? -1) < 0)) return truncated("a component has no data");
  const single = !header.progressive && scans[0]?.components.length === header.components.length;
  if (single && scans.length > 1) return corrupt("a scan follows the only one");
  const incomplete = precision.some((bits) =>
    bits.subarray(1, 1 + SMOOTHED_COEFFICIENTS).some((low) => low !== 0),
  );
  if (incomplete) return truncated("scans that refine the image are missing");
  return undefined;
}
