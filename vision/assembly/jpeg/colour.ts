/**
 * Rows of components to red, green and blue: ITU-R BT.601 with 16-bit constants as in libjpeg, CMYK by Pillow's formula
 * (samples are stored inverted, as Adobe does).
 */
import { plane, pushPlanes } from "../image";
import { component, frameWidth } from "./components";
import { fullRow } from "./upsample";

/** How a frame's components are to be read; the driver chooses. */
export const GREY: i32 = 0;
export const YCC: i32 = 1;
export const RGB: i32 = 2;
export const CMYK: i32 = 3;
export const YCCK: i32 = 4;

let model: i32 = 0;

export function setColourModel(chosen: i32): void {
  model = chosen;
}

/** Sends row `y` of the image on. */
export function emitRow(y: i32): void {
  const first = fullRow(component(0), y);
  if (model == GREY) {
    pushPlanes(first, first, first);
    return;
  }
  const second = fullRow(component(1), y);
  const third = fullRow(component(2), y);
  if (model == RGB) {
    pushPlanes(first, second, third);
    return;
  }
  const red = plane(0);
  const green = plane(1);
  const blue = plane(2);
  if (model == CMYK) {
    const black = fullRow(component(3), y);
    for (let x: usize = 0; x < <usize>frameWidth; x++) {
      const light: i32 = load<u8>(black + x);
      store<u8>(red + x, inked(255 - <i32>load<u8>(first + x), light));
      store<u8>(green + x, inked(255 - <i32>load<u8>(second + x), light));
      store<u8>(blue + x, inked(255 - <i32>load<u8>(third + x), light));
    }
  } else {
    convert(first, second, third, red, green, blue);
    if (model == YCCK) {
      const black = fullRow(component(3), y);
      for (let x: usize = 0; x < <usize>frameWidth; x++) {
        const light: i32 = load<u8>(black + x);
        store<u8>(red + x, inked(load<u8>(red + x), light));
        store<u8>(green + x, inked(load<u8>(green + x), light));
        store<u8>(blue + x, inked(load<u8>(blue + x), light));
      }
    }
  }
  pushPlanes(red, green, blue);
}

/** What is left of `light` under that much ink. */
@inline
function inked(ink: i32, light: i32): u8 {
  const product = ink * light + 128;
  return <u8>max(light - (((product >> 8) + product) >> 8), 0);
}

function convert(luma: usize, cb: usize, cr: usize, red: usize, green: usize, blue: usize): void {
  const center = i16x8.splat(128);
  const half = i32x4.splat(1 << 15);
  // 1.402 = 1 + 13173/2^15, 1.772 = 2 - 7471/2^15; 0.34414 and 0.71414 = 1 - 18734/2^16 in 16 bits.
  const toRed = i16x8.splat(13173);
  const toBlue = i16x8.splat(-7471);
  const toGreen = i16x8(-22554, 18734, -22554, 18734, -22554, 18734, -22554, 18734);
  for (let x: usize = 0; x < <usize>frameWidth; x += 16) {
    const y = v128.load(luma + x);
    const b = v128.load(cb + x);
    const r = v128.load(cr + x);
    const y0 = i16x8.extend_low_i8x16_u(y);
    const y1 = i16x8.extend_high_i8x16_u(y);
    const b0 = i16x8.sub(i16x8.extend_low_i8x16_u(b), center);
    const b1 = i16x8.sub(i16x8.extend_high_i8x16_u(b), center);
    const r0 = i16x8.sub(i16x8.extend_low_i8x16_u(r), center);
    const r1 = i16x8.sub(i16x8.extend_high_i8x16_u(r), center);
    v128.store(
      red + x,
      i8x16.narrow_i16x8_u(
        i16x8.add(i16x8.add(y0, r0), i16x8.q15mulr_sat_s(r0, toRed)),
        i16x8.add(i16x8.add(y1, r1), i16x8.q15mulr_sat_s(r1, toRed)),
      ),
    );
    v128.store(
      blue + x,
      i8x16.narrow_i16x8_u(
        i16x8.add(i16x8.add(y0, i16x8.shl(b0, 1)), i16x8.q15mulr_sat_s(b0, toBlue)),
        i16x8.add(i16x8.add(y1, i16x8.shl(b1, 1)), i16x8.q15mulr_sat_s(b1, toBlue)),
      ),
    );
    v128.store(
      green + x,
      i8x16.narrow_i16x8_u(
        i16x8.add(i16x8.sub(y0, r0), greenTerm(b0, r0, toGreen, half)),
        i16x8.add(i16x8.sub(y1, r1), greenTerm(b1, r1, toGreen, half)),
      ),
    );
  }
}

@inline
function greenTerm(b: v128, r: v128, constants: v128, half: v128): v128 {
  const low = i32x4.dot_i16x8_s(v128.shuffle<i16>(b, r, 0, 8, 1, 9, 2, 10, 3, 11), constants);
  const high = i32x4.dot_i16x8_s(v128.shuffle<i16>(b, r, 4, 12, 5, 13, 6, 14, 7, 15), constants);
  return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), 16), i32x4.shr_s(i32x4.add(high, half), 16));
}
