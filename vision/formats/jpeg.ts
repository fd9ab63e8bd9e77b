/** A JPEG's rows, through the Wasm module. */

import type { Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import type { Engine } from "../engine.ts";
import type { ImageLimits } from "../limits.ts";
import { corrupt, refuseBeyond, truncated } from "../refusal.ts";
import { type Decoding, done } from "./decoding.ts";
import type { ColourModel, JpegHeader } from "./jpeg-frame.ts";
import { type JpegScans, readScans, type Scan } from "./jpeg-scans.ts";
import type { HuffmanTable } from "./jpeg-tables.ts";
import { BYTES_PER_YIELD, blockRowsPerYield, rowsPerYield } from "./pace.ts";

const FINISHED = 1;
const TRUNCATED = -1;

/** Numbers of vision/assembly/jpeg/colour.ts. */
const COLOUR_MODELS: Record<ColourModel, number> = { grey: 0, ycc: 1, rgb: 2, cmyk: 3, ycck: 4 };

/** Restart intervals of all scans together; each one is noted in 8 bytes. */
const MAX_SEGMENTS = 1_000_000;

/** A scan's bytes in the module's memory. */
interface LoadedScan {
  readonly scan: Scan;
  readonly segments: number;
  readonly count: number;
}

/** Decodes a row of MCUs at a time; the caller has begun the image. */
export function* decodeJpeg(
  engine: Engine,
  bytes: Uint8Array,
  header: JpegHeader,
  bands: ImageLimits["bands"],
): Decoding {
  const file = yield* copySlowly(engine, bytes);
  const read = readScans(
    bytes,
    header,
    (start) => engine.entropyEnd(file + start, file + bytes.length) - file,
  );
  if (!read.ok) return read;
  layOut(engine, header, read.value);
  yield;
  const scans: LoadedScan[] = [];
  const loaded = yield* loadScans(engine, file, header, read.value, scans);
  if (!loaded.ok) return loaded;

  const [first] = scans;
  const pace = Math.max(Math.floor(rowsPerYield(header.width) / mcuHeight(header)), 1);
  if (first && scans.length === 1 && !header.progressive) {
    engine.beginOutput(0);
    beginScan(engine, first);
    return yield* run(engine.stepSingleScan, pace);
  }
  return yield* decodeBands(engine, header, scans, bands, pace);
}

/** Coefficients of one band after the other: all scans, then samples. */
function* decodeBands(
  engine: Engine,
  header: JpegHeader,
  scans: readonly LoadedScan[],
  limit: ImageLimits["bands"],
  pace: number,
): Decoding {
  const rows = Math.ceil(header.height / mcuHeight(header));
  const rowBytes = engine.coefficientRowBytes();
  const total = rowBytes * rows;
  // Beside the band, one bit is kept for each of the image's coefficients of two bytes.
  const room = Math.min(limit.bytes, limit.heapBytes - engine.used() - total / 16);
  const bandRows = Math.min(Math.floor(room / rowBytes), rows);
  const needed = bandRows < 1 ? rows : Math.ceil(rows / bandRows);
  if (bandRows < 1 || needed > limit.count) {
    return refuseBeyond(
      "image_too_many_pixels",
      `A JPEG of several scans and ${header.width}×${header.height} pixels would be read ${needed} times; the limit is ${limit.count}. Send it as a baseline JPEG.`,
      limit.count,
      needed,
    );
  }
  engine.allocateBand(bandRows);
  engine.beginOutput(Number(header.progressive));
  for (let start = 0; start < rows; start += bandRows) {
    engine.beginBand(start, Math.min(start + bandRows, rows));
    for (const scan of scans) {
      beginScan(engine, scan);
      const result = yield* run(engine.stepScan, blockRowsPerYield(blocksInRow(header, scan)));
      if (!result.ok) return result;
    }
    const result = yield* run(engine.stepBand, pace);
    if (!result.ok) return result;
  }
  return done;
}

function* run(step: () => number, pace: number): Decoding {
  for (let steps = 1; ; steps++) {
    const result = step();
    if (result === FINISHED) return done;
    if (result === TRUNCATED) return shortData;
    if (steps % pace === 0) yield;
  }
}

const shortData: Result<undefined, ImageRefusal> = truncated("a scan's data ends early");

function mcuHeight({ components }: JpegHeader): number {
  return 8 * Math.max(...components.map(({ vertical }) => vertical));
}

/** Blocks that one step of a scan reads. */
function blocksInRow({ width, components }: JpegHeader, { scan }: LoadedScan): number {
  const across = Math.max(...components.map(({ horizontal }) => horizontal));
  const mcus = Math.ceil(width / (8 * across));
  const ofScan = scan.components.map(({ index }) => components[index]);
  const isSingle = ofScan.length === 1;
  return ofScan.reduce(
    (sum, one) => sum + mcus * (one?.horizontal ?? 1) * (isSingle ? 1 : (one?.vertical ?? 1)),
    0,
  );
}

/** Takes the stuffing out of the scans' bytes, in place; the file lies at `file`. */
function* loadScans(
  engine: Engine,
  file: number,
  { width, height }: JpegHeader,
  { scans }: JpegScans,
  loaded: LoadedScan[],
): Decoding {
  // No scan has more MCUs than the image has blocks of a full-size component.
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8) + 1;
  let segmentsLeft = MAX_SEGMENTS;
  for (const scan of scans) {
    const at = file + scan.start;
    const size = scan.end - scan.start;
    let most = 1;
    if (scan.restartInterval > 0) {
      for (let from = 0; from < size && most < blocks; from += BYTES_PER_YIELD) {
        most += engine.countRestarts(at + from, at + Math.min(from + BYTES_PER_YIELD, size), at + size);
        yield;
      }
      most = Math.min(most, blocks);
    }
    segmentsLeft -= most;
    if (segmentsLeft < 0) return corrupt("it has too many restart markers");
    const segments = engine.allocateSegments(most);
    engine.beginUnstuffing(at, at + size, segments, most);
    while (engine.unstuff(BYTES_PER_YIELD)) yield;
    const count = engine.segmentsFound();
    if (count < 0) return corrupt("its restart markers are out of order");
    loaded.push({ scan, segments, count });
  }
  return done;
}

/** Copies bytes into the module a part at a time, and returns where they are. */
function* copySlowly(engine: Engine, bytes: Uint8Array): Generator<void, number, void> {
  const at = engine.allocate(bytes.length);
  for (let from = 0; from < bytes.length; from += BYTES_PER_YIELD) {
    const part = bytes.subarray(from, from + BYTES_PER_YIELD);
    new Uint8Array(engine.memory.buffer, at + from, part.length).set(part);
    if (from > 0) yield;
  }
  return at;
}

function layOut(engine: Engine, header: JpegHeader, { quantisation }: JpegScans): void {
  engine.beginFrame(header.width, header.height, header.components.length);
  header.components.forEach(({ horizontal, vertical }, index) => {
    engine.setSampling(index, horizontal, vertical);
    const at = engine.quantisationTable(index);
    const table = quantisation[index];
    if (table) new Uint16Array(engine.memory.buffer, at, 64).set(table);
  });
  engine.layOutFrame();
  engine.setColourModel(COLOUR_MODELS[header.colours]);
}

function beginScan(engine: Engine, { scan, segments, count }: LoadedScan): void {
  const { components, spectrum, approximation, restartInterval } = scan;
  components.forEach(({ index, dc, ac }, place) => {
    if (dc) writeTable(engine, place, dc);
    if (ac) writeTable(engine, 4 + place, ac);
    engine.setScanComponent(place, index, place, place);
  });
  engine.beginScan(components.length, ...spectrum, ...approximation, restartInterval, segments, count);
}

function writeTable(engine: Engine, slot: number, { counts, symbols }: HuffmanTable): void {
  const specification = new Uint8Array(engine.memory.buffer, engine.huffmanSpecification(), 16 + 256);
  specification.set(counts);
  specification.set(symbols, 16);
  engine.buildHuffman(slot, symbols.length);
}
