/**
 * Rows of luma and halved chroma to red, green and blue: libwebp's triangle filter, whose sums are rounded twice, and its
 * 14-bit BT.601 conversion.
 */
import { plane, pushScratch } from "../image";

/** Two chroma rows at the image's width. */
let fullU: usize = 0;
let fullV: usize = 0;

export function setFullRows(u: usize, v: usize): void {
  fullU = u;
  fullV = v;
}

/** Sends one row on. `near` rows are the chroma rows that the luma row lies in, `far` ones those across from it. */
export function emitRow(luma: usize, nearU: usize, farU: usize, nearV: usize, farV: usize, width: i32): void {
  upsample(nearU, farU, fullU, width);
  upsample(nearV, farV, fullV, width);
  convert(luma, width);
  pushScratch();
}

function upsample(near: usize, far: usize, out: usize, width: i32): void {
  const last = <usize>(width - 1) >> 1;
  const eight = i16x8.splat(8);
  // Pixels 2n + 1 and 2n + 2 lie between samples n and n + 1.
  for (let n: usize = 0; n < last; n += 8) {
    const a = v128.load_ext<u8>(near + n);
    const b = v128.load_ext<u8>(near + n + 1);
    const c = v128.load_ext<u8>(far + n);
    const d = v128.load_ext<u8>(far + n + 1);
    const ad = i16x8.add(a, d);
    const bc = i16x8.add(b, c);
    const sum = i16x8.add(i16x8.add(ad, bc), eight);
    const crossBc = i16x8.shr_u(i16x8.add(sum, i16x8.add(bc, bc)), 3);
    const crossAd = i16x8.shr_u(i16x8.add(sum, i16x8.add(ad, ad)), 3);
    const odd = i16x8.shr_u(i16x8.add(crossBc, a), 1);
    const even = i16x8.shr_u(i16x8.add(crossAd, b), 1);
    v128.store(out + (n << 1) + 1, v128.or(odd, i16x8.shl(even, 8)));
  }
  store<u8>(out, edge(near, far, 0));
  if (!(width & 1)) store<u8>(out + <usize>width - 1, edge(near, far, last));
}

@inline
function edge(near: usize, far: usize, n: usize): u8 {
  return <u8>((3 * <u32>load<u8>(near + n) + <u32>load<u8>(far + n) + 2) >> 2);
}

function convert(luma: usize, width: i32): void {
  const red = plane(0);
  const green = plane(1);
  const blue = plane(2);
  for (let x: usize = 0; x < <usize>width; x += 8) {
    const y = v128.load_ext<u8>(luma + x);
    const u = v128.load_ext<u8>(fullU + x);
    const v = v128.load_ext<u8>(fullV + x);
    const y0 = product(i32x4.extmul_low_i16x8_u(y, i16x8.splat(19077)));
    const y1 = product(i32x4.extmul_high_i16x8_u(y, i16x8.splat(19077)));
    v128.store_lane<u64>(red + x, bytes(redOf(y0, low(v, 26149)), redOf(y1, high(v, 26149))), 0);
    v128.store_lane<u64>(
      green + x,
      bytes(greenOf(y0, low(u, 6419), low(v, 13320)), greenOf(y1, high(u, 6419), high(v, 13320))),
      0,
    );
    v128.store_lane<u64>(blue + x, bytes(blueOf(y0, low(u, 33050)), blueOf(y1, high(u, 33050))), 0);
  }
}

@inline
function product(value: v128): v128 {
  return i32x4.shr_u(value, 8);
}
@inline
function low(value: v128, factor: i32): v128 {
  return product(i32x4.extmul_low_i16x8_u(value, i16x8.splat(<i16>factor)));
}
@inline
function high(value: v128, factor: i32): v128 {
  return product(i32x4.extmul_high_i16x8_u(value, i16x8.splat(<i16>factor)));
}
@inline
function redOf(y: v128, v: v128): v128 {
  return i32x4.sub(i32x4.add(y, v), i32x4.splat(14234));
}
@inline
function greenOf(y: v128, u: v128, v: v128): v128 {
  return i32x4.add(i32x4.sub(i32x4.sub(y, u), v), i32x4.splat(8708));
}
@inline
function blueOf(y: v128, u: v128): v128 {
  return i32x4.sub(i32x4.add(y, u), i32x4.splat(17685));
}
/** Eight sums of 14 bits as bytes. */
@inline
function bytes(first: v128, second: v128): v128 {
  const words = i16x8.narrow_i32x4_s(i32x4.shr_s(first, 6), i32x4.shr_s(second, 6));
  return i8x16.narrow_i16x8_u(words, words);
}
