/**
 * One row of PNG samples to red, green and blue planes, as Pillow's `convert("RGB")` does it: small grey depths are
 * scaled, 16-bit grey is clipped at 255, other 16-bit samples keep their high byte. With `onWhite`, transparency (alpha,
 * palette alpha or a key colour) is composited on white with Pillow's rounding; otherwise it is dropped.
 */
import { allocateZeroed } from "../arena";
import { onWhiteByte } from "../image";

const GREY: i32 = 0;
const COLOUR: i32 = 2;
const PALETTE: i32 = 3;
const GREY_ALPHA: i32 = 4;

let colourType: i32 = 0;
let depth: i32 = 0;
let onWhite: bool = false;
/** The key colour as three bytes, or -1. */
let key: i32 = -1;
/** 256 RGBA entries. */
let table: usize = 0;

/** Returns where the caller writes the palette: 256 entries of RGBA. */
export function beginExpand(type: i32, bits: i32, white: bool, keyColour: i32): usize {
  colourType = type;
  depth = bits;
  onWhite = white;
  key = white ? keyColour : -1;
  table = allocateZeroed(1024);
  return table;
}

/** Samples of one pixel. */
export function channels(type: i32): i32 {
  return type == COLOUR ? 3 : type == GREY_ALPHA ? 2 : type == 6 ? 4 : 1;
}

/** Whether a row is packed 8-bit RGB or RGBA that only needs to be split. */
export function isPlain(): bool {
  return depth == 8 && key < 0 && (colourType == COLOUR || (colourType == 6 && !onWhite));
}

@inline
function write(at: usize, red: usize, green: usize, blue: usize, r: i32, g: i32, b: i32, alpha: i32): void {
  if (onWhite && alpha != 255) {
    store<u8>(red + at, onWhiteByte(r, alpha));
    store<u8>(green + at, onWhiteByte(g, alpha));
    store<u8>(blue + at, onWhiteByte(b, alpha));
  } else {
    store<u8>(red + at, <u8>r);
    store<u8>(green + at, <u8>g);
    store<u8>(blue + at, <u8>b);
  }
}

/** Expands `count` pixels; pixel n goes to position `start + n * step` of the planes. */
export function expandRow(
  row: usize,
  count: usize,
  red: usize,
  green: usize,
  blue: usize,
  start: usize,
  step: usize,
): void {
  let at = start;
  if (colourType == GREY || colourType == PALETTE) {
    for (let n: usize = 0; n < count; n++, at += step) {
      const sample = singleSample(row, n);
      if (colourType == PALETTE) {
        const entry = table + (<usize>sample << 2);
        const alpha = <i32>load<u8>(entry, 3);
        write(at, red, green, blue, load<u8>(entry), load<u8>(entry, 1), load<u8>(entry, 2), alpha);
      } else {
        const keyed = key >= 0 && sample == (key & 255);
        write(at, red, green, blue, sample, sample, sample, keyed ? 0 : 255);
      }
    }
    return;
  }
  const bytes: usize = depth == 16 ? 2 : 1;
  const pixel = bytes * <usize>channels(colourType);
  for (let n: usize = 0; n < count; n++, at += step, row += pixel) {
    if (colourType == GREY_ALPHA) {
      const grey = <i32>load<u8>(row);
      write(at, red, green, blue, grey, grey, grey, load<u8>(row + bytes));
      continue;
    }
    const r = <i32>load<u8>(row);
    const g = <i32>load<u8>(row + bytes);
    const b = <i32>load<u8>(row + 2 * bytes);
    const alpha: i32 =
      colourType == 6 ? load<u8>(row + 3 * bytes) : key >= 0 && ((r << 16) | (g << 8) | b) == key ? 0 : 255;
    write(at, red, green, blue, r, g, b, alpha);
  }
}

/** A palette index, or grey scaled to a byte. */
@inline
function singleSample(row: usize, n: usize): i32 {
  if (depth == 8) return load<u8>(row + n);
  if (depth == 16) {
    // Pillow clips 16-bit grey instead of scaling it.
    return load<u8>(row + 2 * n) ? 255 : load<u8>(row + 2 * n, 1);
  }
  const perByte = <usize>(8 / depth);
  const shift = <i32>((perByte - 1 - (n % perByte)) * depth);
  const value = (<i32>load<u8>(row + n / perByte) >> shift) & ((1 << depth) - 1);
  if (colourType == PALETTE) return value;
  return value * (255 / ((1 << depth) - 1));
}
