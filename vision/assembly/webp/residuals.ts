/** Coefficients of a macroblock (RFC 6386, sections 13 and 14.3). */
import { allocateZeroed } from "../arena";
import { BoolReader, fill, readBit } from "./bool-reader";
import { Steps, TOKEN_PROBABILITIES } from "./frame-header";
import { BANDS, EXTRA_BITS, EXTRA_BITS_STRIDE, ZIGZAG } from "./tables";

const CONTEXT_BYTES: usize = 11;
const BAND_BYTES: usize = 3 * CONTEXT_BYTES;
const TYPE_BYTES: usize = 8 * BAND_BYTES;
/** Block types of the token probabilities. */
const LUMA_AFTER_SECOND: usize = 0;
const SECOND: usize = 1;
const CHROMA: usize = 2;
const LUMA_WITH_DC: usize = 3;

/** 24 blocks of 16 i16 in natural order: 16 luma, 4 of each chroma. */
export const COEFFICIENTS = memory.data(24 * 32, 16);
const SECOND_ORDER = memory.data(32, 16);
/** Whether the blocks beside and above had coefficients: 4 luma, 2 of each chroma, the second-order one. */
const LEFT = memory.data(9);
let above: usize = 0;
/** A bit for each block that has coefficients. */
export let coded: u32 = 0;

export function beginResiduals(mcusAcross: i32): void {
  above = allocateZeroed(<usize>mcusAcross * 9);
}

export function beginResidualRow(): void {
  memory.fill(LEFT, 0, 9);
}

/** A macroblock without coefficients; the second-order context stays as it is when it has 4×4 modes. */
export function skipResiduals(x: i32, isSmall: bool): void {
  coded = 0;
  const top = above + <usize>x * 9;
  memory.fill(top, 0, isSmall ? 8 : 9);
  memory.fill(LEFT, 0, isSmall ? 8 : 9);
}

export function readResiduals(reader: BoolReader, x: i32, isSmall: bool, steps: Steps): void {
  const top = above + <usize>x * 9;
  memory.fill(COEFFICIENTS, 0, 24 * 32);
  coded = 0;
  let first = 0;
  let type = LUMA_WITH_DC;
  if (!isSmall) {
    memory.fill(SECOND_ORDER, 0, 32);
    const context = load<u8>(top, 8) + load<u8>(LEFT, 8);
    const last = readBlock(reader, SECOND, context, steps.secondDc, steps.secondAc, 0, SECOND_ORDER);
    const filled: u8 = last > 0 ? 1 : 0;
    store<u8>(top, filled, 8);
    store<u8>(LEFT, filled, 8);
    if (last > 0) spreadSecondOrder();
    first = 1;
    type = LUMA_AFTER_SECOND;
  }
  for (let row: usize = 0; row < 4; row++) {
    for (let column: usize = 0; column < 4; column++) {
      const block = (row << 2) + column;
      readInto(reader, type, top + column, LEFT + row, steps.lumaDc, steps.lumaAc, first, block);
      if (!isSmall && load<i16>(COEFFICIENTS + (block << 5)) != 0) coded |= 1 << <u32>block;
    }
  }
  for (let plane: usize = 0; plane < 2; plane++) {
    for (let row: usize = 0; row < 2; row++) {
      for (let column: usize = 0; column < 2; column++) {
        const context = <usize>4 + (plane << 1);
        const block = <usize>16 + (plane << 2) + (row << 1) + column;
        readInto(reader, CHROMA, top + context + column, LEFT + context + row, steps.chromaDc, steps.chromaAc, 0, block);
      }
    }
  }
}

@inline
function readInto(
  reader: BoolReader,
  type: usize,
  top: usize,
  left: usize,
  dcStep: i32,
  acStep: i32,
  first: i32,
  block: usize,
): void {
  const context = load<u8>(top) + load<u8>(left);
  const last = readBlock(reader, type, context, dcStep, acStep, first, COEFFICIENTS + (block << 5));
  const filled: u8 = last > first ? 1 : 0;
  store<u8>(top, filled);
  store<u8>(left, filled);
  if (filled) coded |= 1 << <u32>block;
}

/** The inverse Walsh–Hadamard transform: the DC of each luma block. */
function spreadSecondOrder(): void {
  const from = SECOND_ORDER;
  for (let n: usize = 0; n < 8; n += 2) {
    const a0 = <i32>load<i16>(from + n) + <i32>load<i16>(from + n, 24);
    const a1 = <i32>load<i16>(from + n, 8) + <i32>load<i16>(from + n, 16);
    const a2 = <i32>load<i16>(from + n, 8) - <i32>load<i16>(from + n, 16);
    const a3 = <i32>load<i16>(from + n) - <i32>load<i16>(from + n, 24);
    const to = WALSH + (n << 1);
    store<i32>(to, a0 + a1);
    store<i32>(to, a3 + a2, 16);
    store<i32>(to, a0 - a1, 32);
    store<i32>(to, a3 - a2, 48);
  }
  for (let row: usize = 0; row < 4; row++) {
    const at = WALSH + (row << 4);
    const dc = load<i32>(at) + 3;
    const a0 = dc + load<i32>(at, 12);
    const a1 = load<i32>(at, 4) + load<i32>(at, 8);
    const a2 = load<i32>(at, 4) - load<i32>(at, 8);
    const a3 = dc - load<i32>(at, 12);
    const to = COEFFICIENTS + (row << 7);
    store<i16>(to, <i16>((a0 + a1) >> 3));
    store<i16>(to, <i16>((a3 + a2) >> 3), 32);
    store<i16>(to, <i16>((a0 - a1) >> 3), 64);
    store<i16>(to, <i16>((a3 - a2) >> 3), 96);
  }
}
const WALSH = memory.data(64, 16);

/**
 * Reads a block's tokens from coefficient `first` on. Returns one more than the last coefficient. The reader's state is
 * kept in locals: this is where most of a lossy image's time goes.
 */
function readBlock(
  reader: BoolReader,
  type: usize,
  context: i32,
  dcStep: i32,
  acStep: i32,
  first: i32,
  out: usize,
): i32 {
  const bands = TOKEN_PROBABILITIES + type * TYPE_BYTES;
  let index = first;
  let node = bands + <usize>load<u8>(BANDS + index) * BAND_BYTES + <usize>context * CONTEXT_BYTES;
  let value = reader.value;
  let count = reader.count;
  let range = reader.range;
  while (index < 16) {
    // Whether there are more coefficients.
    if (count < 0) {
      reader.value = value;
      reader.count = count;
      fill(reader);
      value = reader.value;
      count = reader.count;
    }
    let split = (range * load<u8>(node)) >> 8;
    if (<u32>(value >> count) > split) {
      range -= split;
      value -= <u64>(split + 1) << count;
      const shift = clz(range) - 24;
      range = (range << shift) - 1;
      count -= shift;
    } else {
      range = split + 1;
      const shift = clz(range) - 24;
      range = (range << shift) - 1;
      count -= shift;
      break;
    }
    // Zeros.
    let isZero = true;
    do {
      if (count < 0) {
        reader.value = value;
        reader.count = count;
        fill(reader);
        value = reader.value;
        count = reader.count;
      }
      split = (range * load<u8>(node, 1)) >> 8;
      isZero = <u32>(value >> count) <= split;
      if (isZero) {
        range = split + 1;
      } else {
        range -= split;
        value -= <u64>(split + 1) << count;
      }
      const shift = clz(range) - 24;
      range = (range << shift) - 1;
      count -= shift;
      if (isZero) {
        index++;
        node = bands + <usize>load<u8>(BANDS + index) * BAND_BYTES;
      }
    } while (isZero && index < 16);
    if (isZero) break;
    // One, or more.
    if (count < 0) {
      reader.value = value;
      reader.count = count;
      fill(reader);
      value = reader.value;
      count = reader.count;
    }
    split = (range * load<u8>(node, 2)) >> 8;
    const next = bands + <usize>load<u8>(BANDS + index + 1) * BAND_BYTES;
    let magnitude = 1;
    if (<u32>(value >> count) > split) {
      range -= split;
      value -= <u64>(split + 1) << count;
      const shift = clz(range) - 24;
      reader.range = (range << shift) - 1;
      reader.value = value;
      reader.count = count - shift;
      magnitude = readLarge(reader, node);
      range = reader.range;
      value = reader.value;
      count = reader.count;
      node = next + 2 * CONTEXT_BYTES;
    } else {
      range = split + 1;
      const shift = clz(range) - 24;
      range = (range << shift) - 1;
      count -= shift;
      node = next + CONTEXT_BYTES;
    }
    // The sign, at even odds.
    if (count < 0) {
      reader.value = value;
      reader.count = count;
      fill(reader);
      value = reader.value;
      count = reader.count;
    }
    split = range >> 1;
    if (<u32>(value >> count) > split) {
      range -= split;
      value -= <u64>(split + 1) << count;
      magnitude = -magnitude;
    } else {
      range = split + 1;
    }
    const shift = clz(range) - 24;
    range = (range << shift) - 1;
    count -= shift;
    store<i16>(out + (<usize>load<u8>(ZIGZAG + index) << 1), <i16>(magnitude * (index > 0 ? acStep : dcStep)));
    index++;
  }
  reader.value = value;
  reader.count = count;
  reader.range = range;
  return index;
}

/** A magnitude of 2 or more. */
function readLarge(reader: BoolReader, node: usize): i32 {
  if (!readBit(reader, load<u8>(node, 3))) {
    if (!readBit(reader, load<u8>(node, 4))) return 2;
    return 3 + <i32>readBit(reader, load<u8>(node, 5));
  }
  if (!readBit(reader, load<u8>(node, 6))) {
    if (!readBit(reader, load<u8>(node, 7))) return 5 + <i32>readBit(reader, 159);
    const high = 2 * <i32>readBit(reader, 165);
    return 7 + high + <i32>readBit(reader, 145);
  }
  const high = <i32>readBit(reader, load<u8>(node, 8));
  const category = 2 * high + <i32>readBit(reader, load<u8>(node + <usize>high, 9));
  let extra = 0;
  for (let at = EXTRA_BITS + <usize>category * EXTRA_BITS_STRIDE; load<u8>(at) != 0; at++) {
    extra = 2 * extra + <i32>readBit(reader, load<u8>(at));
  }
  return 3 + (8 << category) + extra;
}
