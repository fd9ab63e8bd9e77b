/** The two passes of a resize: exact sums of products, rounded at 22 bits and clipped to a byte. */
import { BLOCK_BYTES, PAIR_BYTES, PRECISION, spanLength, Taps } from "./taps";

@inline
function joined(low: v128, high: v128): v128 {
  return i32x4.add(low, i32x4.shl(high, 15));
}

@inline
function rounded(sum: v128): v128 {
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(1 << (PRECISION - 1))), PRECISION);
}

/**
 * One row along x: three planes in, packed RGB out. A plane is read up to 7 bytes past its last tap and the output is
 * written up to 1 byte past its end.
 */
export function horizontalPass(taps: Taps, red: usize, green: usize, blue: usize, out: usize): void {
  const outputs = taps.outputs;
  const stride = taps.stride;
  let span = taps.spans;
  let weights = taps.weights;
  for (let output = 0; output < outputs; output++) {
    let x = <usize>load<i32>(span);
    const blocks = (<usize>(load<i32>(span, 4) + 7) >> 3) * BLOCK_BYTES;
    let redLow = i32x4.splat(0);
    let redHigh = i32x4.splat(0);
    let greenLow = i32x4.splat(0);
    let greenHigh = i32x4.splat(0);
    let blueLow = i32x4.splat(0);
    let blueHigh = i32x4.splat(0);
    for (let at = weights, end = weights + blocks; at < end; at += BLOCK_BYTES, x += 8) {
      const low = v128.load(at);
      const high = v128.load(at, 16);
      const r = v128.load_ext<u8>(red + x);
      const g = v128.load_ext<u8>(green + x);
      const b = v128.load_ext<u8>(blue + x);
      redLow = i32x4.add(redLow, i32x4.dot_i16x8_s(r, low));
      redHigh = i32x4.add(redHigh, i32x4.dot_i16x8_s(r, high));
      greenLow = i32x4.add(greenLow, i32x4.dot_i16x8_s(g, low));
      greenHigh = i32x4.add(greenHigh, i32x4.dot_i16x8_s(g, high));
      blueLow = i32x4.add(blueLow, i32x4.dot_i16x8_s(b, low));
      blueHigh = i32x4.add(blueHigh, i32x4.dot_i16x8_s(b, high));
    }
    const r = joined(redLow, redHigh);
    const g = joined(greenLow, greenHigh);
    const b = joined(blueLow, blueHigh);
    // Four partial sums per colour become one lane per colour.
    const rg = i32x4.add(v128.shuffle<i32>(r, g, 0, 4, 1, 5), v128.shuffle<i32>(r, g, 2, 6, 3, 7));
    const bb = i32x4.add(b, v128.shuffle<i32>(b, b, 2, 3, 0, 1));
    const pixel = rounded(
      i32x4.add(v128.shuffle<i32>(rg, bb, 0, 1, 4, 4), v128.shuffle<i32>(rg, bb, 2, 3, 5, 5)),
    );
    const words = i16x8.narrow_i32x4_s(pixel, pixel);
    v128.store_lane<u32>(out, i8x16.narrow_i16x8_u(words, words), 0);
    out += 3;
    span += 8;
    weights += stride;
  }
}

/**
 * One row along y: `rows` lists the addresses of the span's rows as u32, the last one twice when the span is odd.
 * Works on 16 bytes at a time.
 */
export function verticalPass(taps: Taps, output: i32, rows: usize, out: usize, bytes: usize): void {
  const weights = taps.weights + <usize>output * taps.stride;
  const end = weights + (<usize>(spanLength(taps, output) + 1) >> 1) * PAIR_BYTES;
  for (let x: usize = 0; x < bytes; x += 16) {
    let low0 = i32x4.splat(0);
    let low1 = i32x4.splat(0);
    let low2 = i32x4.splat(0);
    let low3 = i32x4.splat(0);
    let high0 = i32x4.splat(0);
    let high1 = i32x4.splat(0);
    let high2 = i32x4.splat(0);
    let high3 = i32x4.splat(0);
    let row = rows;
    for (let at = weights; at < end; at += PAIR_BYTES, row += 8) {
      const first = v128.load(<usize>load<u32>(row) + x);
      const second = v128.load(<usize>load<u32>(row, 4) + x);
      const low = v128.load_splat<u32>(at);
      const high = v128.load_splat<u32>(at, 4);
      const left = v128.shuffle<u8>(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const right = v128.shuffle<u8>(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const pairs0 = i16x8.extend_low_i8x16_u(left);
      const pairs1 = i16x8.extend_high_i8x16_u(left);
      const pairs2 = i16x8.extend_low_i8x16_u(right);
      const pairs3 = i16x8.extend_high_i8x16_u(right);
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pairs0, low));
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pairs0, high));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pairs1, low));
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pairs1, high));
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pairs2, low));
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pairs2, high));
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pairs3, low));
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pairs3, high));
    }
    v128.store(
      out + x,
      i8x16.narrow_i16x8_u(
        i16x8.narrow_i32x4_s(rounded(joined(low0, high0)), rounded(joined(low1, high1))),
        i16x8.narrow_i32x4_s(rounded(joined(low2, high2)), rounded(joined(low3, high3))),
      ),
    );
  }
}
