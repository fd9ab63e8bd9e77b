/**
 * A lossy WebP's key frame to rows. Two rows of macroblocks are held: the current one, and the one before, which the loop
 * filter still changes. Prediction uses samples as they were before the filter, so their last rows are kept apart.
 */
import { allocate, allocateZeroed } from "../arena";
import { BoolReader, openReader, readBit } from "./bool-reader";
import { emitRow, setFullRows } from "./colour";
import {
  partitionOf,
  readFrameHeader,
  segmentProbability,
  simpleFilter,
  skipProbability,
  stepsOf,
  strengthOf,
  updatesSegments,
} from "./frame-header";
import { filterNormal, filterSimple } from "./loop-filter";
import { beginModeRow, beginModes, chromaMode, isSmall, lumaMode, readModes, SMALL_MODES } from "./modes";
import { predictSmall, predictSquare } from "./predict";
import { beginResidualRow, beginResiduals, COEFFICIENTS, coded, readResiduals, skipResiduals } from "./residuals";
import { addTransformed } from "./transform";
import { CHROMA_U, CHROMA_V, LUMA, STRIDE } from "./work";

export const MORE: i32 = 0;
export const FINISHED: i32 = 1;
export const TRUNCATED: i32 = -1;

/** Rows of the macroblock row before that stand above the current ones. */
const LUMA_ABOVE: usize = 16;
const CHROMA_ABOVE: usize = 8;
/** Rows at the end of a macroblock row that are not final until the next one is filtered, and half a chroma row. */
const HELD_BACK = 9;

let width: i32 = 0;
let height: i32 = 0;
let across: i32 = 0;
let down: i32 = 0;
let row: i32 = 0;
let emitted: i32 = 0;
let first: BoolReader | null = null;

/** Sample rows: `ABOVE` rows, then those of the current macroblocks. */
let luma: usize = 0;
let chromaU: usize = 0;
let chromaV: usize = 0;
let lumaStride: usize = 0;
let chromaStride: usize = 0;
/** The last rows of the macroblocks above, before the filter. */
let topLuma: usize = 0;
let topU: usize = 0;
let topV: usize = 0;
/** Segment, whether modes are 4×4, and whether inner edges are filtered: a byte for each macroblock of the row. */
let traits: usize = 0;

/** Begins the frame whose first partition is at `from`. False when its partitions are cut off. */
export function beginWebp(frameWidth: i32, frameHeight: i32, from: usize, firstSize: i32, size: usize): bool {
  width = frameWidth;
  height = frameHeight;
  across = (width + 15) >> 4;
  down = (height + 15) >> 4;
  row = 0;
  emitted = 0;
  if (<usize>firstSize > size) return false;
  first = openReader(from, <usize>firstSize);
  if (!readFrameHeader(first!, from + <usize>firstSize, from + size)) return false;
  beginModes(across);
  beginResiduals(across);
  lumaStride = (<usize>across << 4) + 16;
  chromaStride = (<usize>across << 3) + 16;
  luma = allocate(lumaStride * (LUMA_ABOVE + 16));
  chromaU = allocate(chromaStride * (CHROMA_ABOVE + 8));
  chromaV = allocate(chromaStride * (CHROMA_ABOVE + 8));
  topLuma = allocateZeroed((<usize>across << 4) + 16);
  topU = allocateZeroed((<usize>across << 3) + 8);
  topV = allocateZeroed((<usize>across << 3) + 8);
  traits = allocate(<usize>across);
  setFullRows(allocate(<usize>width + 64), allocate(<usize>width + 64));
  return true;
}

/** One row of macroblocks. */
export function stepWebp(): i32 {
  const tokens = partitionOf(row);
  beginModeRow();
  beginResidualRow();
  beginWorkRow();
  for (let x = 0; x < across; x++) {
    const segment = readMacroblock(tokens, x);
    if (tokens.exhausted || first!.exhausted) return TRUNCATED;
    reconstruct(x);
    const inner = isSmall || coded != 0;
    store<u8>(traits + x, <u8>(segment | (<i32>isSmall << 2) | (<i32>inner << 3)));
  }
  for (let x = 0; x < across; x++) filterMacroblock(x);
  row++;
  emitReady();
  keepLastRows();
  return row == down ? FINISHED : MORE;
}

/** Modes and coefficients of a macroblock. Returns its segment. */
function readMacroblock(tokens: BoolReader, x: i32): i32 {
  const header = first!;
  let segment = 0;
  if (updatesSegments) {
    segment = readBit(header, segmentProbability(0))
      ? 2 + <i32>readBit(header, segmentProbability(2))
      : <i32>readBit(header, segmentProbability(1));
  }
  const skipped = skipProbability >= 0 && readBit(header, skipProbability);
  readModes(header, x);
  if (skipped) skipResiduals(x, isSmall);
  else readResiduals(tokens, x, isSmall, stepsOf(segment));
  return segment;
}

/** The samples left of the first macroblock. */
function beginWorkRow(): void {
  for (let y: usize = 0; y < 16; y++) store<u8>(LUMA + y * STRIDE - 1, 129);
  for (let y: usize = 0; y < 8; y++) {
    store<u8>(CHROMA_U + y * STRIDE - 1, 129);
    store<u8>(CHROMA_V + y * STRIDE - 1, 129);
  }
  const corner: u8 = row > 0 ? 129 : 127;
  store<u8>(LUMA - STRIDE - 1, corner);
  store<u8>(CHROMA_U - STRIDE - 1, corner);
  store<u8>(CHROMA_V - STRIDE - 1, corner);
}

function reconstruct(x: i32): void {
  placeNeighbours(x);
  const hasLeft = x > 0;
  const hasTop = row > 0;
  if (isSmall) {
    for (let block: usize = 0; block < 16; block++) {
      const at = LUMA + (block >> 2) * 4 * STRIDE + ((block & 3) << 2);
      predictSmall(at, <i32>load<u8>(SMALL_MODES + block));
      addBlock(block, at);
    }
  } else {
    predictSquare(LUMA, lumaMode, 16, hasLeft, hasTop);
    for (let block: usize = 0; block < 16; block++) {
      addBlock(block, LUMA + (block >> 2) * 4 * STRIDE + ((block & 3) << 2));
    }
  }
  predictSquare(CHROMA_U, chromaMode, 8, hasLeft, hasTop);
  predictSquare(CHROMA_V, chromaMode, 8, hasLeft, hasTop);
  for (let block: usize = 0; block < 4; block++) {
    const offset = (block >> 1) * 4 * STRIDE + ((block & 1) << 2);
    addBlock(16 + block, CHROMA_U + offset);
    addBlock(20 + block, CHROMA_V + offset);
  }
  copyOut(x);
}

@inline
function addBlock(block: usize, at: usize): void {
  if ((coded >> <u32>block) & 1) addTransformed(COEFFICIENTS + (block << 5), at);
}

/** The samples above and to the left, from the macroblocks there. */
function placeNeighbours(x: i32): void {
  if (x > 0) {
    shiftLeft(LUMA, 16);
    shiftLeft(CHROMA_U, 8);
    shiftLeft(CHROMA_V, 8);
  }
  const above = LUMA - STRIDE;
  if (row > 0) {
    memory.copy(above, topLuma + (<usize>x << 4), 16);
    memory.copy(CHROMA_U - STRIDE, topU + (<usize>x << 3), 8);
    memory.copy(CHROMA_V - STRIDE, topV + (<usize>x << 3), 8);
    if (x == across - 1) memory.fill(above + 16, load<u8>(topLuma + (<usize>x << 4) + 15), 4);
    else memory.copy(above + 16, topLuma + (<usize>x << 4) + 16, 4);
  } else {
    memory.fill(above, 127, 20);
    memory.fill(CHROMA_U - STRIDE, 127, 8);
    memory.fill(CHROMA_V - STRIDE, 127, 8);
  }
  // 4×4 blocks of the last column see the samples above the macroblock, whatever their row.
  for (let y: usize = 3; y < 15; y += 4) store<u32>(LUMA + y * STRIDE + 16, load<u32>(above + 16));
}

/** The last column, with the corner above it, becomes the one left of the next macroblock. */
@inline
function shiftLeft(at: usize, side: usize): void {
  for (let line = at - STRIDE, end = at + side * STRIDE; line < end; line += STRIDE) {
    store<u8>(line - 1, load<u8>(line + side - 1));
  }
}

function copyOut(x: i32): void {
  for (let y: usize = 0; y < 16; y++) {
    v128.store(luma + (LUMA_ABOVE + y) * lumaStride + (<usize>x << 4), v128.load(LUMA + y * STRIDE));
  }
  for (let y: usize = 0; y < 8; y++) {
    const offset = (CHROMA_ABOVE + y) * chromaStride + (<usize>x << 3);
    store<u64>(chromaU + offset, load<u64>(CHROMA_U + y * STRIDE));
    store<u64>(chromaV + offset, load<u64>(CHROMA_V + y * STRIDE));
  }
  keepTop(x);
}

/** Keeps the last rows of a macroblock, before the filter, for the row below. */
@inline
function keepTop(x: i32): void {
  const column = <usize>x << 4;
  v128.store(topLuma + column, v128.load(luma + (LUMA_ABOVE + 15) * lumaStride + column));
  const half = <usize>x << 3;
  store<u64>(topU + half, load<u64>(chromaU + (CHROMA_ABOVE + 7) * chromaStride + half));
  store<u64>(topV + half, load<u64>(chromaV + (CHROMA_ABOVE + 7) * chromaStride + half));
}

function filterMacroblock(x: i32): void {
  const trait = <i32>load<u8>(traits + x);
  const strength = strengthOf(trait & 3, <bool>((trait >> 2) & 1));
  if (strength.limit == 0) return;
  const inner = <bool>(trait >> 3);
  const at = luma + LUMA_ABOVE * lumaStride + (<usize>x << 4);
  if (simpleFilter) {
    filterSimple(at, lumaStride, x > 0, row > 0, inner, strength);
    return;
  }
  const offset = CHROMA_ABOVE * chromaStride + (<usize>x << 3);
  filterNormal(at, lumaStride, chromaU + offset, chromaV + offset, chromaStride, x > 0, row > 0, inner, strength);
}

/** Sends on the rows that no later filter or chroma row changes. `row` counts the finished ones. */
function emitReady(): void {
  const ready = row == down ? height : min((row << 4) - HELD_BACK, height);
  const lastChroma = ((height + 1) >> 1) - 1;
  for (; emitted < ready; emitted++) {
    const y = emitted;
    const near = y >> 1;
    const far = max(min(y & 1 ? near + 1 : near - 1, lastChroma), 0);
    const from = (row - 2) * 16;
    const chromaFrom = (row - 2) * 8;
    const nearAt = <usize>(near - chromaFrom) * chromaStride;
    const farAt = <usize>(far - chromaFrom) * chromaStride;
    emitRow(
      luma + <usize>(y - from) * lumaStride,
      chromaU + nearAt,
      chromaU + farAt,
      chromaV + nearAt,
      chromaV + farAt,
      width,
    );
  }
}

/** The current rows become those above. */
function keepLastRows(): void {
  memory.copy(luma, luma + LUMA_ABOVE * lumaStride, LUMA_ABOVE * lumaStride);
  memory.copy(chromaU, chromaU + CHROMA_ABOVE * chromaStride, CHROMA_ABOVE * chromaStride);
  memory.copy(chromaV, chromaV + CHROMA_ABOVE * chromaStride, CHROMA_ABOVE * chromaStride);
}
