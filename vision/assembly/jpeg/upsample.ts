/**
 * Chroma rows at the image's full size: triangle filters for factors of 2, plain repetition otherwise. Which one is
 * used when, and how it rounds, follows libjpeg-turbo (docs/images.md, "JPEG").
 */
import { Component, component, componentCount, frameWidth, maxH, maxV, sampleRow } from "./components";

/** Sums of two rows, as u16, with room for a neighbour on either side. */
const SUMS = memory.data(65536 * 2 + 256, 16);
const FIRST = SUMS + 32;

/** Whether any component's rows need the row below them. */
export function needsRowBelow(): bool {
  for (let index = 0; index < componentCount; index++) {
    const one = component(index);
    if (hasVerticalFilter(one)) return true;
  }
  return false;
}

@inline
function hasVerticalFilter(one: Component): bool {
  if (maxV != 2 * one.v) return false;
  return maxH == one.h || (maxH == 2 * one.h && one.width > 2);
}

@inline
function clampedRow(one: Component, y: i32): usize {
  return sampleRow(one, max(min(y, one.height - 1), 0));
}

@inline
function tripled(value: v128): v128 {
  return i16x8.add(value, i16x8.shl(value, 1));
}

/** Address of row `y` of the image in one component. */
export function fullRow(one: Component, y: i32): usize {
  const across = maxH / one.h;
  const down = maxV / one.v;
  if (across == 1 && down == 1) return sampleRow(one, y);
  const row = y / down;
  if (hasVerticalFilter(one)) {
    const near = clampedRow(one, row);
    const far = clampedRow(one, y & 1 ? row + 1 : row - 1);
    if (across == 1) blendRows(near, far, one, y & 1 ? 2 : 1);
    else blendBoth(near, far, one);
  } else if (across == 2 && down == 1 && one.width > 2) {
    blendColumns(sampleRow(one, row), one);
  } else {
    repeat(sampleRow(one, row), one, across);
  }
  return one.full;
}

/** (3 · near + far + bias) / 4 */
function blendRows(near: usize, far: usize, one: Component, bias: i32): void {
  const rounding = i16x8.splat(<i16>bias);
  const out = one.full;
  for (let x: usize = 0; x < <usize>one.width; x += 16) {
    const a = v128.load(near + x);
    const b = v128.load(far + x);
    const low = i16x8.add(tripled(i16x8.extend_low_i8x16_u(a)), i16x8.extend_low_i8x16_u(b));
    const high = i16x8.add(tripled(i16x8.extend_high_i8x16_u(a)), i16x8.extend_high_i8x16_u(b));
    v128.store(
      out + x,
      i8x16.narrow_i16x8_u(
        i16x8.shr_u(i16x8.add(low, rounding), 2),
        i16x8.shr_u(i16x8.add(high, rounding), 2),
      ),
    );
  }
}

/** Rows by 3 : 1, then columns by 3 : 1, rounded once. */
function blendBoth(near: usize, far: usize, one: Component): void {
  for (let x: usize = 0; x < <usize>one.width; x += 16) {
    const a = v128.load(near + x);
    const b = v128.load(far + x);
    const sums = FIRST + (x << 1);
    v128.store(sums, i16x8.add(tripled(i16x8.extend_low_i8x16_u(a)), i16x8.extend_low_i8x16_u(b)));
    v128.store(sums, i16x8.add(tripled(i16x8.extend_high_i8x16_u(a)), i16x8.extend_high_i8x16_u(b)), 16);
  }
  spread(one, 8, 7, 4);
}

function blendColumns(row: usize, one: Component): void {
  for (let x: usize = 0; x < <usize>one.width; x += 16) {
    const a = v128.load(row + x);
    v128.store(FIRST + (x << 1), i16x8.extend_low_i8x16_u(a));
    v128.store(FIRST + (x << 1), i16x8.extend_high_i8x16_u(a), 16);
  }
  spread(one, 1, 2, 2);
}

/** Two output samples for each sum: leaning left with one bias, leaning right with the other. */
@inline
function spread(one: Component, leftBias: i16, rightBias: i16, shift: i32): void {
  const width = <usize>one.width;
  const out = one.full;
  store<u16>(FIRST - 2, load<u16>(FIRST));
  store<u16>(FIRST + (width << 1), load<u16>(FIRST + ((width - 1) << 1)));
  const left = i16x8.splat(leftBias);
  const right = i16x8.splat(rightBias);
  for (let x: usize = 0; x < width; x += 8) {
    const at = FIRST + (x << 1);
    const sums = tripled(v128.load(at));
    const evens = i16x8.shr_u(i16x8.add(i16x8.add(sums, v128.load(at - 2)), left), shift);
    const odds = i16x8.shr_u(i16x8.add(i16x8.add(sums, v128.load(at + 2)), right), shift);
    v128.store(out + (x << 1), v128.or(evens, i16x8.shl(odds, 8)));
  }
}

function repeat(row: usize, one: Component, across: i32): void {
  const out = one.full;
  for (let x = 0; x < frameWidth; x++) store<u8>(out + x, load<u8>(row + x / across));
}
