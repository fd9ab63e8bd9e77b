/**
 * The loop filter (RFC 6386, section 15), sixteen positions along an edge at once. Samples across the edge are p3 … p0 | q0
 * … q3; those of a vertical edge are transposed first.
 */
import { Strength } from "./frame-header";

/** The eight lines of samples around a vertical edge. */
const LINES = memory.data(8 * 16, 16);

@inline
function signed(bytes: v128): v128 {
  return v128.xor(bytes, i8x16.splat(-128));
}
@inline
function difference(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}
/** Arithmetic shift of bytes by 3. */
@inline
function eighth(a: v128): v128 {
  return i8x16.shr_s(a, 3);
}

/** Positions whose edge is to be filtered: 4 |p0 - q0| + |p1 - q1| ≤ 2 · limit + 1. */
@inline
function isSoft(p1: v128, p0: v128, q0: v128, q1: v128, limit: i32): v128 {
  // |p0 - q0| · 2 + |p1 - q1| / 2 ≤ limit says the same without leaving 8 bits.
  const near = difference(p0, q0);
  const far = v128.and(i16x8.shr_u(difference(p1, q1), 1), i8x16.splat(0x7f));
  const sum = i8x16.add_sat_u(i8x16.add_sat_u(near, near), far);
  return i8x16.eq(i8x16.sub_sat_u(sum, i8x16.splat(<i8>limit)), i8x16.splat(0));
}

@inline
function within(a: v128, b: v128, limit: v128): v128 {
  return i8x16.eq(i8x16.sub_sat_u(difference(a, b), limit), i8x16.splat(0));
}

/** clamp(clamp(p1 - q1) + 3 · (q0 - p0)) of signed samples. */
@inline
function base(p1: v128, p0: v128, q0: v128, q1: v128): v128 {
  const step = i8x16.sub_sat_s(q0, p0);
  return i8x16.add_sat_s(i8x16.add_sat_s(i8x16.add_sat_s(i8x16.sub_sat_s(p1, q1), step), step), step);
}

/** Both sides of the edge by about a quarter of the step, where `mask` is set. */
@inline
function moveTwo(at: usize, step: usize, mask: v128, filter: v128): void {
  const p0 = signed(v128.load(at - step));
  const q0 = signed(v128.load(at));
  const value = v128.and(filter, mask);
  const up = eighth(i8x16.add_sat_s(value, i8x16.splat(4)));
  const down = eighth(i8x16.add_sat_s(value, i8x16.splat(3)));
  v128.store(at - step, signed(i8x16.add_sat_s(p0, down)));
  v128.store(at, signed(i8x16.sub_sat_s(q0, up)));
}

/** The simple filter along a horizontal edge below row `at - step`. */
function simple(at: usize, step: usize, limit: i32): void {
  const p1 = v128.load(at - 2 * step);
  const p0 = v128.load(at - step);
  const q0 = v128.load(at);
  const q1 = v128.load(at + step);
  const mask = isSoft(p1, p0, q0, q1, limit);
  moveTwo(at, step, mask, base(signed(p1), signed(p0), signed(q0), signed(q1)));
}

@inline
function normalMask(at: usize, step: usize, limit: i32, interior: i32): v128 {
  const p3 = v128.load(at - 4 * step);
  const p2 = v128.load(at - 3 * step);
  const p1 = v128.load(at - 2 * step);
  const p0 = v128.load(at - step);
  const q0 = v128.load(at);
  const q1 = v128.load(at + step);
  const q2 = v128.load(at + 2 * step);
  const q3 = v128.load(at + 3 * step);
  const most = i8x16.splat(<i8>interior);
  const left = v128.and(v128.and(within(p3, p2, most), within(p2, p1, most)), within(p1, p0, most));
  const right = v128.and(v128.and(within(q3, q2, most), within(q2, q1, most)), within(q1, q0, most));
  return v128.and(v128.and(left, right), isSoft(p1, p0, q0, q1, limit));
}

@inline
function isVaried(at: usize, step: usize, threshold: i32): v128 {
  const most = i8x16.splat(<i8>threshold);
  const left = within(v128.load(at - 2 * step), v128.load(at - step), most);
  const right = within(v128.load(at + step), v128.load(at), most);
  return v128.not(v128.and(left, right));
}

/** The normal filter along the edge of a macroblock: six samples, or two where they vary much. */
function macroblockEdge(at: usize, step: usize, limit: i32, interior: i32, threshold: i32): void {
  const mask = normalMask(at, step, limit, interior);
  if (!v128.any_true(mask)) return;
  const varied = isVaried(at, step, threshold);
  const p2 = signed(v128.load(at - 3 * step));
  const p1 = signed(v128.load(at - 2 * step));
  const p0 = signed(v128.load(at - step));
  const q0 = signed(v128.load(at));
  const q1 = signed(v128.load(at + step));
  const q2 = signed(v128.load(at + 2 * step));
  const filter = v128.and(base(p1, p0, q0, q1), mask);
  const wide = v128.andnot(filter, varied);

  const low = i16x8.extend_low_i8x16_s(wide);
  const high = i16x8.extend_high_i8x16_s(wide);
  const nine = i16x8.splat(9);
  const rounding = i16x8.splat(63);
  const lowStep = i16x8.mul(low, nine);
  const highStep = i16x8.mul(high, nine);
  const low1 = i16x8.add(lowStep, rounding);
  const high1 = i16x8.add(highStep, rounding);
  const low2 = i16x8.add(low1, lowStep);
  const high2 = i16x8.add(high1, highStep);
  const low3 = i16x8.add(low2, lowStep);
  const high3 = i16x8.add(high2, highStep);
  const a3 = i8x16.narrow_i16x8_s(i16x8.shr_s(low1, 7), i16x8.shr_s(high1, 7));
  const a2 = i8x16.narrow_i16x8_s(i16x8.shr_s(low2, 7), i16x8.shr_s(high2, 7));
  const a1 = i8x16.narrow_i16x8_s(i16x8.shr_s(low3, 7), i16x8.shr_s(high3, 7));

  // Where the samples vary, only the two beside the edge move; the wide steps are 0 there.
  const sharp = v128.and(filter, varied);
  const up = eighth(i8x16.add_sat_s(sharp, i8x16.splat(4)));
  const down = eighth(i8x16.add_sat_s(sharp, i8x16.splat(3)));
  v128.store(at - 3 * step, signed(i8x16.add_sat_s(p2, a3)));
  v128.store(at - 2 * step, signed(i8x16.add_sat_s(p1, a2)));
  v128.store(at - step, signed(i8x16.add_sat_s(i8x16.add_sat_s(p0, a1), down)));
  v128.store(at, signed(i8x16.sub_sat_s(i8x16.sub_sat_s(q0, a1), up)));
  v128.store(at + step, signed(i8x16.sub_sat_s(q1, a2)));
  v128.store(at + 2 * step, signed(i8x16.sub_sat_s(q2, a3)));
}

/** The normal filter along an edge inside a macroblock: four samples, or two where they vary much. */
function innerEdge(at: usize, step: usize, limit: i32, interior: i32, threshold: i32): void {
  const mask = normalMask(at, step, limit, interior);
  if (!v128.any_true(mask)) return;
  const varied = isVaried(at, step, threshold);
  const p1 = signed(v128.load(at - 2 * step));
  const p0 = signed(v128.load(at - step));
  const q0 = signed(v128.load(at));
  const q1 = signed(v128.load(at + step));
  // p1 - q1 counts only where the samples vary.
  const outer = v128.and(i8x16.sub_sat_s(p1, q1), varied);
  const difference = i8x16.sub_sat_s(q0, p0);
  const sum = i8x16.add_sat_s(i8x16.add_sat_s(i8x16.add_sat_s(outer, difference), difference), difference);
  const filter = v128.and(sum, mask);
  const up = eighth(i8x16.add_sat_s(filter, i8x16.splat(4)));
  const down = eighth(i8x16.add_sat_s(filter, i8x16.splat(3)));
  v128.store(at - step, signed(i8x16.add_sat_s(p0, down)));
  v128.store(at, signed(i8x16.sub_sat_s(q0, up)));
  const half = v128.andnot(i8x16.shr_s(i8x16.add(up, i8x16.splat(1)), 1), varied);
  v128.store(at - 2 * step, signed(i8x16.add_sat_s(p1, half)));
  v128.store(at + step, signed(i8x16.sub_sat_s(q1, half)));
}

/** The four samples on either side of a vertical edge, of 16 rows, as 8 lines. */
function transposeIn(at: usize, stride: usize, second: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const from = (half == 0 ? at : second) - 4;
    const r0 = v128.load_zero<u64>(from);
    const r1 = v128.load_zero<u64>(from + stride);
    const r2 = v128.load_zero<u64>(from + 2 * stride);
    const r3 = v128.load_zero<u64>(from + 3 * stride);
    const r4 = v128.load_zero<u64>(from + 4 * stride);
    const r5 = v128.load_zero<u64>(from + 5 * stride);
    const r6 = v128.load_zero<u64>(from + 6 * stride);
    const r7 = v128.load_zero<u64>(from + 7 * stride);
    storeColumns(LINES + (half << 3), 16, transposeTop(r0, r1, r2, r3), transposeTop(r4, r5, r6, r7), transposeEnd(r0, r1, r2, r3), transposeEnd(r4, r5, r6, r7));
  }
}

/** Columns 0 to 3 of four rows of 8, each column's four samples in one lane. */
@inline
function transposeTop(r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  const a = v128.shuffle<u8>(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const b = v128.shuffle<u8>(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  return v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
@inline
function transposeEnd(r0: v128, r1: v128, r2: v128, r3: v128): v128 {
  const a = v128.shuffle<u8>(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const b = v128.shuffle<u8>(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  return v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Eight columns of eight samples, from lanes of four. */
@inline
function storeColumns(to: usize, stride: usize, top03: v128, bottom03: v128, top47: v128, bottom47: v128): void {
  const c01 = v128.shuffle<u32>(top03, bottom03, 0, 4, 1, 5);
  const c23 = v128.shuffle<u32>(top03, bottom03, 2, 6, 3, 7);
  const c45 = v128.shuffle<u32>(top47, bottom47, 0, 4, 1, 5);
  const c67 = v128.shuffle<u32>(top47, bottom47, 2, 6, 3, 7);
  v128.store_lane<u64>(to, c01, 0);
  v128.store_lane<u64>(to + stride, c01, 1);
  v128.store_lane<u64>(to + 2 * stride, c23, 0);
  v128.store_lane<u64>(to + 3 * stride, c23, 1);
  v128.store_lane<u64>(to + 4 * stride, c45, 0);
  v128.store_lane<u64>(to + 5 * stride, c45, 1);
  v128.store_lane<u64>(to + 6 * stride, c67, 0);
  v128.store_lane<u64>(to + 7 * stride, c67, 1);
}

function transposeOut(at: usize, stride: usize, second: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const from = LINES + (half << 3);
    const to = (half == 0 ? at : second) - 4;
    const r0 = v128.load_zero<u64>(from);
    const r1 = v128.load_zero<u64>(from, 16);
    const r2 = v128.load_zero<u64>(from, 32);
    const r3 = v128.load_zero<u64>(from, 48);
    const r4 = v128.load_zero<u64>(from, 64);
    const r5 = v128.load_zero<u64>(from, 80);
    const r6 = v128.load_zero<u64>(from, 96);
    const r7 = v128.load_zero<u64>(from, 112);
    storeColumns(to, stride, transposeTop(r0, r1, r2, r3), transposeTop(r4, r5, r6, r7), transposeEnd(r0, r1, r2, r3), transposeEnd(r4, r5, r6, r7));
  }
}

/** The middle of `LINES`: the first line right of a transposed edge. */
const MIDDLE = LINES + 64;

/** The simple filter of one macroblock's luma. */
export function filterSimple(luma: usize, stride: usize, hasLeft: bool, hasTop: bool, inner: bool, strength: Strength): void {
  const limit = strength.limit;
  if (hasLeft) simpleVertical(luma, stride, limit + 4);
  if (inner) for (let x: usize = 4; x < 16; x += 4) simpleVertical(luma + x, stride, limit);
  if (hasTop) simple(luma, stride, limit + 4);
  if (inner) for (let y: usize = 4; y < 16; y += 4) simple(luma + y * stride, stride, limit);
}

function simpleVertical(at: usize, stride: usize, limit: i32): void {
  transposeIn(at, stride, at + 8 * stride);
  simple(MIDDLE, 16, limit);
  transposeOut(at, stride, at + 8 * stride);
}

/** The normal filter of one macroblock. Chroma planes are filtered together, 8 positions of each. */
export function filterNormal(
  luma: usize,
  stride: usize,
  u: usize,
  v: usize,
  chromaStride: usize,
  hasLeft: bool,
  hasTop: bool,
  inner: bool,
  strength: Strength,
): void {
  const limit = strength.limit;
  const interior = strength.interior;
  const threshold = strength.highVariance;
  if (hasLeft) {
    transposeIn(luma, stride, luma + 8 * stride);
    macroblockEdge(MIDDLE, 16, limit + 4, interior, threshold);
    transposeOut(luma, stride, luma + 8 * stride);
    transposeIn(u, chromaStride, v);
    macroblockEdge(MIDDLE, 16, limit + 4, interior, threshold);
    transposeOut(u, chromaStride, v);
  }
  if (inner) {
    for (let x: usize = 4; x < 16; x += 4) {
      transposeIn(luma + x, stride, luma + x + 8 * stride);
      innerEdge(MIDDLE, 16, limit, interior, threshold);
      transposeOut(luma + x, stride, luma + x + 8 * stride);
    }
    transposeIn(u + 4, chromaStride, v + 4);
    innerEdge(MIDDLE, 16, limit, interior, threshold);
    transposeOut(u + 4, chromaStride, v + 4);
  }
  if (hasTop) {
    macroblockEdge(luma, stride, limit + 4, interior, threshold);
    gatherRows(u, v, chromaStride);
    macroblockEdge(MIDDLE, 16, limit + 4, interior, threshold);
    scatterRows(u, v, chromaStride);
  }
  if (inner) {
    for (let y: usize = 4; y < 16; y += 4) innerEdge(luma + y * stride, stride, limit, interior, threshold);
    gatherRows(u + 4 * chromaStride, v + 4 * chromaStride, chromaStride);
    innerEdge(MIDDLE, 16, limit, interior, threshold);
    scatterRows(u + 4 * chromaStride, v + 4 * chromaStride, chromaStride);
  }
}

/** Eight rows around a horizontal chroma edge, u and v beside each other. */
function gatherRows(u: usize, v: usize, stride: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    store<u64>(LINES + (row << 4), load<u64>(u + row * stride - 4 * stride));
    store<u64>(LINES + (row << 4), load<u64>(v + row * stride - 4 * stride), 8);
  }
}

function scatterRows(u: usize, v: usize, stride: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    store<u64>(u + row * stride - 4 * stride, load<u64>(LINES + (row << 4)));
    store<u64>(v + row * stride - 4 * stride, load<u64>(LINES + (row << 4), 8));
  }
}
