/**
 * The weights of a bicubic resize along one axis, as Pillow computes them: a = -0.5, support scaled with the reduction,
 * double arithmetic, then fixed point of 22 bits (rules: docs/images.md, "Resampling").
 *
 * A weight is kept as `high * 2^15 + low`, both i16, so that two `i32x4.dot_i16x8_s` make the exact 32-bit product sum.
 */
import { allocate, allocateZeroed } from "./arena";

export const PRECISION = 22;
/** Taps along the horizontal axis come in blocks of 8: 16 bytes of low halves, then 16 bytes of high halves. */
export const BLOCK: i32 = 8;
export const BLOCK_BYTES: usize = 32;
/** Taps along the vertical axis come in pairs: 4 bytes of low halves, then 4 bytes of high halves. */
export const PAIR_BYTES: usize = 8;

@unmanaged
export class Taps {
  /** Number of output positions. */
  outputs: i32;
  /** The most taps of any output. */
  most: i32;
  /** i32 pairs: first input position, number of taps. */
  spans: usize;
  weights: usize;
  /** Bytes of weights per output. */
  stride: usize;
}

@inline
export function spanStart(taps: Taps, output: i32): i32 {
  return load<i32>(taps.spans + (<usize>output << 3));
}

@inline
export function spanLength(taps: Taps, output: i32): i32 {
  return load<i32>(taps.spans + (<usize>output << 3), 4);
}

@inline
function cubic(distance: f64): f64 {
  const t = Math.abs(distance);
  if (t < 1.0) return (1.5 * t - 2.5) * t * t + 1.0;
  if (t < 2.0) return (((t - 5.0) * t + 8.0) * t - 4.0) * -0.5;
  return 0.0;
}

/** With `reversed`, input and output positions both count from the far end: a mirrored image, in stored order. */
export function makeTaps(input: i32, outputs: i32, reversed: bool, vertical: bool): Taps {
  const scale = <f64>input / <f64>outputs;
  const reduction = Math.max(scale, 1.0);
  const support = 2.0 * reduction;
  const step = 1.0 / reduction;
  const capacity = <i32>Math.ceil(support) * 2 + 1;

  const taps = changetype<Taps>(allocate(offsetof<Taps>()));
  taps.outputs = outputs;
  taps.most = 0;
  taps.spans = allocate(<usize>outputs << 3);
  taps.stride = vertical
    ? (<usize>(capacity + 1) >> 1) * PAIR_BYTES
    : (<usize>(capacity + BLOCK - 1) >> 3) * BLOCK_BYTES;
  taps.weights = allocateZeroed(<usize>outputs * taps.stride);
  const exact = allocate(<usize>capacity << 3);

  for (let output = 0; output < outputs; output++) {
    const center = (<f64>output + 0.5) * scale;
    const start = max(<i32>(center - support + 0.5), 0);
    const length = min(<i32>(center + support + 0.5), input) - start;
    let sum = 0.0;
    for (let tap = 0; tap < length; tap++) {
      const weight = cubic((<f64>(tap + start) - center + 0.5) * step);
      store<f64>(exact + (<usize>tap << 3), weight);
      sum += weight;
    }
    const position = reversed ? outputs - 1 - output : output;
    const span = taps.spans + (<usize>position << 3);
    store<i32>(span, reversed ? input - start - length : start);
    store<i32>(span, length, 4);
    taps.most = max(taps.most, length);

    const weights = taps.weights + <usize>position * taps.stride;
    for (let tap = 0; tap < length; tap++) {
      let weight = load<f64>(exact + (<usize>tap << 3));
      if (sum != 0.0) weight /= sum;
      weight *= <f64>(1 << PRECISION);
      const fixed = <i32>(weight < 0.0 ? weight - 0.5 : weight + 0.5);
      const low = (fixed << 17) >> 17;
      const high = (fixed - low) >> 15;
      const slot = reversed ? length - 1 - tap : tap;
      if (vertical) {
        const at = weights + <usize>(slot >> 1) * PAIR_BYTES + (<usize>(slot & 1) << 1);
        store<i16>(at, <i16>low);
        store<i16>(at, <i16>high, 4);
      } else {
        const at = weights + <usize>(slot >> 3) * BLOCK_BYTES + (<usize>(slot & 7) << 1);
        store<i16>(at, <i16>low);
        store<i16>(at, <i16>high, 16);
      }
    }
  }
  return taps;
}
