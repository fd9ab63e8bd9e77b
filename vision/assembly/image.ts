/** The image in work: its rows go to the grid view and to the base view at once, and are never kept. */
import { allocate, reset } from "./arena";
import { makeView, pushRow, View } from "./view";

let grid: View | null = null;
let base: View | null = null;
let width: i32 = 0;
/** Three planes of one row, for sources of packed pixels. */
let planes: usize = 0;
let planeBytes: usize = 0;
let packed: usize = 0;

/**
 * Begins an image. Sizes in pixels: stored width and height, the grid view and the base view upright. A grid width
 * of 0 leaves the grid view out.
 */
export function beginImage(
  storedWidth: i32,
  storedHeight: i32,
  gridWidth: i32,
  gridHeight: i32,
  tile: i32,
  orientation: i32,
): void {
  width = storedWidth;
  grid = gridWidth > 0 ? makeView(storedWidth, storedHeight, gridWidth, gridHeight, orientation) : null;
  base = makeView(storedWidth, storedHeight, tile, tile, orientation);
  planeBytes = (<usize>storedWidth + 64) & ~15;
  planes = allocate(planeBytes * 3);
  packed = allocate(<usize>storedWidth << 2);
}

export function pushPlanes(red: usize, green: usize, blue: usize): void {
  if (grid) pushRow(grid!, red, green, blue);
  pushRow(base!, red, green, blue);
}

/** One plane of the scratch row: 0 red, 1 green, 2 blue. */
@inline
export function plane(index: i32): usize {
  return planes + <usize>index * planeBytes;
}

export function pushScratch(): void {
  pushPlanes(planes, planes + planeBytes, planes + 2 * planeBytes);
}

/** Where the caller writes one row of packed pixels before `pushRgb` or `pushRgba`. */
export function packedRow(): usize {
  return packed;
}

export function pushRgb(): void {
  splitRgb(packed);
  pushScratch();
}

/** Alpha is dropped, or composited on white. */
export function pushRgba(onWhite: bool): void {
  splitRgba(packed);
  if (onWhite && !isOpaque(packed)) whiten(packed);
  pushScratch();
}

function isOpaque(row: usize): bool {
  let all = i8x16.splat(-1);
  const end = row + (<usize>width << 2);
  for (let at = row; at + 16 <= end; at += 16) all = v128.and(all, v128.load(at));
  for (let at = end - ((<usize>width & 3) << 2); at < end; at += 4) {
    all = v128.and(all, i32x4.splat(load<i32>(at)));
  }
  return i8x16.all_true(i8x16.eq(v128.or(all, i32x4.splat(0x00ffffff)), i8x16.splat(-1)));
}

/** Composites the scratch planes on white with the row's alpha. */
function whiten(row: usize): void {
  for (let x: usize = 0; x < <usize>width; x++) {
    const alpha = <i32>load<u8>(row + (x << 2), 3);
    for (let colour = 0; colour < 3; colour++) {
      const at = plane(colour) + x;
      store<u8>(at, onWhiteByte(load<u8>(at), alpha));
    }
  }
}

/** `value` seen through `alpha` on white, rounded as Pillow's paste with a mask. */
@inline
export function onWhiteByte(value: i32, alpha: i32): u8 {
  const sum = 255 * (255 - alpha) + value * alpha + 128;
  return <u8>(((sum >> 8) + sum) >> 8);
}

/** Splits a row of packed RGB into the scratch planes. */
export function splitRgb(row: usize): void {
  const red = plane(0);
  const green = plane(1);
  const blue = plane(2);
  for (let x: usize = 0; x < <usize>width; x += 16) {
    const at = row + x * 3;
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const r = v128.shuffle<u8>(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
    const g = v128.shuffle<u8>(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
    const u = v128.shuffle<u8>(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
    v128.store(red + x, v128.shuffle<u8>(r, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    v128.store(green + x, v128.shuffle<u8>(g, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    v128.store(blue + x, v128.shuffle<u8>(u, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
  }
}

/** Splits a row of packed RGBA into the scratch planes; alpha is dropped. */
export function splitRgba(row: usize): void {
  const red = plane(0);
  const green = plane(1);
  const blue = plane(2);
  for (let x: usize = 0; x < <usize>width; x += 16) {
    const at = row + (x << 2);
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const rg0 = v128.shuffle<u8>(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const rg1 = v128.shuffle<u8>(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const b0 = v128.shuffle<u8>(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
    const b1 = v128.shuffle<u8>(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
    v128.store(red + x, v128.shuffle<u64>(rg0, rg1, 0, 2));
    v128.store(green + x, v128.shuffle<u64>(rg0, rg1, 1, 3));
    v128.store(blue + x, v128.shuffle<u64>(b0, b1, 0, 2));
  }
}

export function resetImage(): void {
  reset();
}

export function gridPixels(): usize {
  return grid ? grid!.pixels : 0;
}
export function gridStride(): usize {
  return grid ? grid!.pixelStride : 0;
}
export function basePixels(): usize {
  return base!.pixels;
}
export function baseStride(): usize {
  return base!.pixelStride;
}
