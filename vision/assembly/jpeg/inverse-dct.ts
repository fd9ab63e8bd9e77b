/**
 * The accurate integer inverse DCT: the factorisation of Loeffler, Ligtenberg and Moschytz with 13-bit constants, 2 more
 * bits kept between the passes. Its roundings, saturations and 16-bit wraps are part of the result.
 */
const CONSTANT_BITS: i32 = 13;
const PASS_BITS: i32 = 2;

/** Eight rows of eight i16. */
const WORK = memory.data(128, 16);

@inline
function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
@inline
function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
@inline
function pairOf(first: i16, second: i16): v128 {
  return i16x8(first, second, first, second, first, second, first, second);
}
@inline
function descaled(low: v128, high: v128, rounding: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(low, rounding), shift),
    i32x4.shr_s(i32x4.add(high, rounding), shift),
  );
}

/** Stores `even + odd` to one row and `even - odd` to its mirror. */
@inline
function butterfly(
  row: usize,
  mirror: usize,
  evenLow: v128,
  evenHigh: v128,
  oddLow: v128,
  oddHigh: v128,
  rounding: v128,
  shift: i32,
): void {
  v128.store(WORK + row, descaled(i32x4.add(evenLow, oddLow), i32x4.add(evenHigh, oddHigh), rounding, shift));
  v128.store(WORK + mirror, descaled(i32x4.sub(evenLow, oddLow), i32x4.sub(evenHigh, oddHigh), rounding, shift));
}

/** Transforms the eight columns of the work rows. With `sparse`, rows 4 to 7 are zero. */
@inline
function transformColumns(sparse: bool, shift: i32): void {
  const zero = i32x4.splat(0);
  const x0 = v128.load(WORK);
  const x1 = v128.load(WORK, 16);
  const x2 = v128.load(WORK, 32);
  const x3 = v128.load(WORK, 48);
  const x4 = sparse ? zero : v128.load(WORK, 64);
  const x5 = sparse ? zero : v128.load(WORK, 80);
  const x6 = sparse ? zero : v128.load(WORK, 96);
  const x7 = sparse ? zero : v128.load(WORK, 112);
  const rounding = i32x4.splat(1 << (shift - 1));

  const sum04 = i16x8.add(x0, x4);
  const difference04 = i16x8.sub(x0, x4);
  const a0 = i32x4.shl(i32x4.extend_low_i16x8_s(sum04), CONSTANT_BITS);
  const a1 = i32x4.shl(i32x4.extend_high_i16x8_s(sum04), CONSTANT_BITS);
  const b0 = i32x4.shl(i32x4.extend_low_i16x8_s(difference04), CONSTANT_BITS);
  const b1 = i32x4.shl(i32x4.extend_high_i16x8_s(difference04), CONSTANT_BITS);
  const low26 = lowPairs(x2, x6);
  const high26 = highPairs(x2, x6);
  const c0 = i32x4.dot_i16x8_s(low26, pairOf(10703, 4433));
  const c1 = i32x4.dot_i16x8_s(high26, pairOf(10703, 4433));
  const d0 = i32x4.dot_i16x8_s(low26, pairOf(4433, -10704));
  const d1 = i32x4.dot_i16x8_s(high26, pairOf(4433, -10704));

  const sum73 = i16x8.add(x7, x3);
  const sum51 = i16x8.add(x5, x1);
  const lowSums = lowPairs(sum73, sum51);
  const highSums = highPairs(sum73, sum51);
  const e0 = i32x4.dot_i16x8_s(lowSums, pairOf(-6436, 9633));
  const e1 = i32x4.dot_i16x8_s(highSums, pairOf(-6436, 9633));
  const f0 = i32x4.dot_i16x8_s(lowSums, pairOf(9633, 6437));
  const f1 = i32x4.dot_i16x8_s(highSums, pairOf(9633, 6437));
  const low71 = lowPairs(x7, x1);
  const high71 = highPairs(x7, x1);
  const low53 = lowPairs(x5, x3);
  const high53 = highPairs(x5, x3);

  butterfly(
    0,
    112,
    i32x4.add(a0, c0),
    i32x4.add(a1, c1),
    i32x4.add(i32x4.dot_i16x8_s(low71, pairOf(-7373, 4926)), f0),
    i32x4.add(i32x4.dot_i16x8_s(high71, pairOf(-7373, 4926)), f1),
    rounding,
    shift,
  );
  butterfly(
    16,
    96,
    i32x4.add(b0, d0),
    i32x4.add(b1, d1),
    i32x4.add(i32x4.dot_i16x8_s(low53, pairOf(-20995, 4177)), e0),
    i32x4.add(i32x4.dot_i16x8_s(high53, pairOf(-20995, 4177)), e1),
    rounding,
    shift,
  );
  butterfly(
    32,
    80,
    i32x4.sub(b0, d0),
    i32x4.sub(b1, d1),
    i32x4.add(i32x4.dot_i16x8_s(low53, pairOf(-4176, -20995)), f0),
    i32x4.add(i32x4.dot_i16x8_s(high53, pairOf(-4176, -20995)), f1),
    rounding,
    shift,
  );
  butterfly(
    48,
    64,
    i32x4.sub(a0, c0),
    i32x4.sub(a1, c1),
    i32x4.add(i32x4.dot_i16x8_s(low71, pairOf(-4927, -7373)), e0),
    i32x4.add(i32x4.dot_i16x8_s(high71, pairOf(-4927, -7373)), e1),
    rounding,
    shift,
  );
}

/** Transposes the work rows. With `sparse`, only the first four columns are not zero. */
@inline
function transpose(sparse: bool): void {
  const x0 = v128.load(WORK);
  const x1 = v128.load(WORK, 16);
  const x2 = v128.load(WORK, 32);
  const x3 = v128.load(WORK, 48);
  const x4 = v128.load(WORK, 64);
  const x5 = v128.load(WORK, 80);
  const x6 = v128.load(WORK, 96);
  const x7 = v128.load(WORK, 112);
  storeTransposed(WORK, lowPairs(x0, x1), lowPairs(x2, x3), lowPairs(x4, x5), lowPairs(x6, x7));
  if (sparse) return;
  storeTransposed(WORK + 64, highPairs(x0, x1), highPairs(x2, x3), highPairs(x4, x5), highPairs(x6, x7));
}

@inline
function storeTransposed(at: usize, rows01: v128, rows23: v128, rows45: v128, rows67: v128): void {
  const left0 = v128.shuffle<i32>(rows01, rows23, 0, 4, 1, 5);
  const left1 = v128.shuffle<i32>(rows01, rows23, 2, 6, 3, 7);
  const right0 = v128.shuffle<i32>(rows45, rows67, 0, 4, 1, 5);
  const right1 = v128.shuffle<i32>(rows45, rows67, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(left0, right0, 0, 2));
  v128.store(at, v128.shuffle<i64>(left0, right0, 1, 3), 16);
  v128.store(at, v128.shuffle<i64>(left1, right1, 0, 2), 32);
  v128.store(at, v128.shuffle<i64>(left1, right1, 1, 3), 48);
}

@inline
function multiply(block: usize, steps: usize, at: usize): void {
  v128.store(WORK + at, i16x8.mul(v128.load(block + at), v128.load(steps + at)));
}

/**
 * Samples of a block. `block` and `steps` are 64 i16 in natural order; `last` is the last zigzag position that may not be
 * zero.
 */
export function inverseTransform(block: usize, steps: usize, out: usize, stride: usize, last: i32): void {
  if (last == 0) {
    flatBlock(load<i16>(block), load<i16>(steps), out, stride);
    return;
  }
  // The first ten coefficients lie within the first four rows and columns.
  const sparse = last < 10;
  if (isFirstRowOnly(block, sparse)) {
    // libjpeg-turbo's kernels shift such columns in 16 bits, where the general pass would saturate.
    const row = i16x8.shl(i16x8.mul(v128.load(block), v128.load(steps)), PASS_BITS);
    for (let at: usize = 0; at < 128; at += 16) v128.store(WORK + at, row);
  } else {
    multiply(block, steps, 0);
    multiply(block, steps, 16);
    multiply(block, steps, 32);
    multiply(block, steps, 48);
    if (sparse) {
      transformColumns(true, CONSTANT_BITS - PASS_BITS);
    } else {
      multiply(block, steps, 64);
      multiply(block, steps, 80);
      multiply(block, steps, 96);
      multiply(block, steps, 112);
      transformColumns(false, CONSTANT_BITS - PASS_BITS);
    }
  }
  transpose(sparse);
  if (sparse) transformColumns(true, CONSTANT_BITS + PASS_BITS + 3);
  else transformColumns(false, CONSTANT_BITS + PASS_BITS + 3);
  storeSamples(out, stride);
}

@inline
function isFirstRowOnly(block: usize, sparse: bool): bool {
  let rows = v128.or(v128.or(v128.load(block, 16), v128.load(block, 32)), v128.load(block, 48));
  if (!sparse) {
    rows = v128.or(
      rows,
      v128.or(
        v128.or(v128.load(block, 64), v128.load(block, 80)),
        v128.or(v128.load(block, 96), v128.load(block, 112)),
      ),
    );
  }
  return !v128.any_true(rows);
}

/** A block of one DC value: both passes come to a rounded eighth. */
@inline
function flatBlock(coefficient: i16, step: i16, out: usize, stride: usize): void {
  const scaled = <i32>(<i16>(<i32>coefficient * <i32>step * 4));
  const sample = min(max((scaled + 16) >> 5, -128), 127) + 128;
  const samples = <u64>sample * 0x0101010101010101;
  for (let y = 0; y < 8; y++, out += stride) store<u64>(out, samples);
}

/** The work rows hold the samples in columns: transposed, saturated and shifted to 0–255. */
@inline
function storeSamples(out: usize, stride: usize): void {
  const center = i8x16.splat(-128);
  const x01 = i8x16.narrow_i16x8_s(v128.load(WORK), v128.load(WORK, 16));
  const x23 = i8x16.narrow_i16x8_s(v128.load(WORK, 32), v128.load(WORK, 48));
  const x45 = i8x16.narrow_i16x8_s(v128.load(WORK, 64), v128.load(WORK, 80));
  const x67 = i8x16.narrow_i16x8_s(v128.load(WORK, 96), v128.load(WORK, 112));
  const top0123 = v128.shuffle<u8>(x01, x23, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
  const bottom0123 = v128.shuffle<u8>(x01, x23, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31);
  const top4567 = v128.shuffle<u8>(x45, x67, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
  const bottom4567 = v128.shuffle<u8>(x45, x67, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31);
  const rows01 = i8x16.sub(v128.shuffle<i32>(top0123, top4567, 0, 4, 1, 5), center);
  const rows23 = i8x16.sub(v128.shuffle<i32>(top0123, top4567, 2, 6, 3, 7), center);
  const rows45 = i8x16.sub(v128.shuffle<i32>(bottom0123, bottom4567, 0, 4, 1, 5), center);
  const rows67 = i8x16.sub(v128.shuffle<i32>(bottom0123, bottom4567, 2, 6, 3, 7), center);
  v128.store_lane<u64>(out, rows01, 0);
  v128.store_lane<u64>(out + stride, rows01, 1);
  v128.store_lane<u64>(out + stride * 2, rows23, 0);
  v128.store_lane<u64>(out + stride * 3, rows23, 1);
  const lower = out + stride * 4;
  v128.store_lane<u64>(lower, rows45, 0);
  v128.store_lane<u64>(lower + stride, rows45, 1);
  v128.store_lane<u64>(lower + stride * 2, rows67, 0);
  v128.store_lane<u64>(lower + stride * 3, rows67, 1);
}
