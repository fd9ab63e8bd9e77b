/** A key frame's header: segments, loop filter, partitions, quantisers, probabilities (RFC 6386, sections 9 and 19.2). */
import { BoolReader, openReader, readBit, readFlag, readOptional, readSigned, readValue } from "./bool-reader";
import { AC_STEPS, DC_STEPS, DEFAULT_PROBABILITIES, UPDATE_PROBABILITIES } from "./tables";

const SEGMENTS = 4;
const PROBABILITIES = 4 * 8 * 3 * 11;
/** Partition size fields are 3 bytes. */
const SIZE_BYTES: usize = 3;

/** Steps of a segment: luma, second-order luma and chroma, each DC and AC. */
@unmanaged
export class Steps {
  lumaDc: i32;
  lumaAc: i32;
  secondDc: i32;
  secondAc: i32;
  chromaDc: i32;
  chromaAc: i32;
}

/** Loop filter of a segment's macroblocks; a limit of 0 filters nothing. */
@unmanaged
export class Strength {
  limit: i32;
  interior: i32;
  highVariance: i32;
}

const STEPS = memory.data(SEGMENTS * 32, 16);
/** By segment, and by whether the macroblock has 4×4 modes. */
const STRENGTHS = memory.data(SEGMENTS * 2 * 16, 16);
const SEGMENT_PROBABILITIES = memory.data(4);
const QUANTISERS = memory.data(SEGMENTS * 4, 4);
const LEVELS = memory.data(SEGMENTS * 4, 4);
export const TOKEN_PROBABILITIES = memory.data(PROBABILITIES, 16);
const PARTITIONS = memory.data(8 * 4, 4);

export let updatesSegments: bool = false;
let usesSegments: bool = false;
let absoluteSegments: bool = false;
export let simpleFilter: bool = false;
let filterLevel: i32 = 0;
let sharpness: i32 = 0;
let usesDeltas: bool = false;
let intraDelta: i32 = 0;
let smallDelta: i32 = 0;
export let skipProbability: i32 = -1;
let partitionCount: i32 = 0;

@inline
export function stepsOf(segment: i32): Steps {
  return changetype<Steps>(STEPS + (<usize>segment << 5));
}
@inline
export function strengthOf(segment: i32, small: bool): Strength {
  return changetype<Strength>(STRENGTHS + (<usize>(segment * 2 + <i32>small) << 4));
}
@inline
export function segmentProbability(index: i32): u32 {
  return load<u8>(SEGMENT_PROBABILITIES + index);
}
/** The token partition of a row of macroblocks. */
@inline
export function partitionOf(row: i32): BoolReader {
  return changetype<BoolReader>(<usize>load<u32>(PARTITIONS + (<usize>(row & (partitionCount - 1)) << 2)));
}

/** Reads the header from the first partition; `rest` to `end` are the others. False when there is none of them. */
export function readFrameHeader(first: BoolReader, rest: usize, end: usize): bool {
  readFlag(first); // Colour space: there is only one.
  readFlag(first); // Clamping: never needed for a valid stream, and harmless.
  readSegments(first);
  readFilter(first);
  if (!openPartitions(1 << readValue(first, 2), rest, end)) return false;
  readQuantisers(first);
  readFlag(first); // Whether probabilities outlive the frame: there is only one.
  for (let index = 0; index < PROBABILITIES; index++) {
    const sent = readBit(first, load<u8>(UPDATE_PROBABILITIES + index));
    store<u8>(TOKEN_PROBABILITIES + index, sent ? <u8>readValue(first, 8) : load<u8>(DEFAULT_PROBABILITIES + index));
  }
  skipProbability = readFlag(first) ? readValue(first, 8) : -1;
  setStrengths();
  return true;
}

function readSegments(first: BoolReader): void {
  memory.fill(QUANTISERS, 0, SEGMENTS * 4);
  memory.fill(LEVELS, 0, SEGMENTS * 4);
  absoluteSegments = true;
  updatesSegments = false;
  usesSegments = readFlag(first);
  if (!usesSegments) return;
  updatesSegments = readFlag(first);
  if (readFlag(first)) {
    absoluteSegments = readFlag(first);
    for (let n: usize = 0; n < <usize>SEGMENTS; n++) store<i32>(QUANTISERS + (n << 2), readOptional(first, 7));
    for (let n: usize = 0; n < <usize>SEGMENTS; n++) store<i32>(LEVELS + (n << 2), readOptional(first, 6));
  }
  if (!updatesSegments) return;
  for (let n: usize = 0; n < 3; n++) {
    store<u8>(SEGMENT_PROBABILITIES + n, readFlag(first) ? <u8>readValue(first, 8) : 255);
  }
}

function readFilter(first: BoolReader): void {
  simpleFilter = readFlag(first);
  filterLevel = readValue(first, 6);
  sharpness = readValue(first, 3);
  intraDelta = 0;
  smallDelta = 0;
  usesDeltas = readFlag(first);
  if (!usesDeltas || !readFlag(first)) return;
  // Of the four references and modes, a key frame uses the first ones.
  for (let n = 0; n < 4; n++) {
    if (readFlag(first)) {
      const delta = readSigned(first, 6);
      if (n == 0) intraDelta = delta;
    }
  }
  for (let n = 0; n < 4; n++) {
    if (readFlag(first)) {
      const delta = readSigned(first, 6);
      if (n == 0) smallDelta = delta;
    }
  }
}

function openPartitions(count: i32, from: usize, end: usize): bool {
  partitionCount = count;
  let at = from + SIZE_BYTES * <usize>(count - 1);
  if (at > end) return false;
  for (let n = 0; n < count; n++) {
    const field = from + SIZE_BYTES * <usize>n;
    const declared: usize =
      n == count - 1
        ? end - at
        : <usize>load<u8>(field) | (<usize>load<u8>(field, 1) << 8) | (<usize>load<u8>(field, 2) << 16);
    const size = min(declared, end - at);
    store<u32>(PARTITIONS + (<usize>n << 2), <u32>changetype<usize>(openReader(at, size)));
    at += size;
  }
  return true;
}

@inline
function clampIndex(index: i32, most: i32): usize {
  return <usize>max(min(index, most), 0);
}
@inline
function dcStep(index: i32, most: i32): i32 {
  return load<u8>(DC_STEPS + clampIndex(index, most));
}
@inline
function acStep(index: i32): i32 {
  return load<u16>(AC_STEPS + (clampIndex(index, 127) << 1));
}

function readQuantisers(first: BoolReader): void {
  const base = readValue(first, 7);
  const lumaDc = readOptional(first, 4);
  const secondDc = readOptional(first, 4);
  const secondAc = readOptional(first, 4);
  const chromaDc = readOptional(first, 4);
  const chromaAc = readOptional(first, 4);
  for (let segment = 0; segment < SEGMENTS; segment++) {
    let index = base;
    if (usesSegments) {
      index = load<i32>(QUANTISERS + (<usize>segment << 2));
      if (!absoluteSegments) index += base;
    }
    const steps = stepsOf(segment);
    steps.lumaDc = dcStep(index + lumaDc, 127);
    steps.lumaAc = acStep(index);
    steps.secondDc = dcStep(index + secondDc, 127) * 2;
    steps.secondAc = max((acStep(index + secondAc) * 155) / 100, 8);
    steps.chromaDc = dcStep(index + chromaDc, 117);
    steps.chromaAc = acStep(index + chromaAc);
  }
}

/** RFC 6386, sections 9.6 and 15.2. */
function setStrengths(): void {
  for (let segment = 0; segment < SEGMENTS; segment++) {
    for (let small = 0; small < 2; small++) {
      let level = filterLevel;
      if (usesSegments) {
        const own = load<i32>(LEVELS + (<usize>segment << 2));
        level = absoluteSegments ? own : level + own;
      }
      if (usesDeltas) level += intraDelta + (small ? smallDelta : 0);
      // A frame level of 0 turns the filter off, whatever the segments say.
      level = filterLevel == 0 ? 0 : max(min(level, 63), 0);
      const strength = strengthOf(segment, <bool>small);
      strength.limit = 0;
      if (level == 0) continue;
      let interior = sharpness > 4 ? level >> 2 : sharpness > 0 ? level >> 1 : level;
      if (sharpness > 0) interior = min(interior, 9 - sharpness);
      interior = max(interior, 1);
      strength.interior = interior;
      strength.limit = 2 * level + interior;
      strength.highVariance = level >= 40 ? 2 : level >= 15 ? 1 : 0;
    }
  }
}
