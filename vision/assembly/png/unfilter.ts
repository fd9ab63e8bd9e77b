/** The five row filters of PNG (W3C PNG, "Filtering"), undone in place. Rows are followed by room for a vector. */

const SUB: i32 = 1;
const UP: i32 = 2;
const AVERAGE: i32 = 3;
const PAETH: i32 = 4;

/** False when the filter is unknown. `pixel` is the bytes of a whole pixel, at least 1. */
export function unfilter(filter: i32, row: usize, above: usize, bytes: usize, pixel: usize): bool {
  if (filter == 0) return true;
  if (filter == UP) {
    for (let x: usize = 0; x < bytes; x += 16) {
      v128.store(row + x, i8x16.add(v128.load(row + x), v128.load(above + x)));
    }
    return true;
  }
  if (filter > PAETH) return false;
  if (pixel == 3 || pixel == 4) {
    if (filter == SUB) subPixels(row, bytes, pixel);
    else if (filter == AVERAGE) averagePixels(row, above, bytes, pixel);
    else paethPixels(row, above, bytes, pixel);
  } else if (filter == SUB) {
    for (let x = pixel; x < bytes; x++) store<u8>(row + x, load<u8>(row + x) + load<u8>(row + x - pixel));
  } else if (filter == AVERAGE) {
    for (let x: usize = 0; x < bytes; x++) {
      const left: u32 = x < pixel ? 0 : load<u8>(row + x - pixel);
      store<u8>(row + x, <u8>(load<u8>(row + x) + ((left + load<u8>(above + x)) >> 1)));
    }
  } else {
    paethBytes(row, above, bytes, pixel);
  }
  return true;
}

/** Writes the first 3 or 4 bytes of a vector. */
@inline
function storePixel(at: usize, value: v128, pixel: usize): void {
  if (pixel == 4) {
    v128.store_lane<u32>(at, value, 0);
  } else {
    v128.store_lane<u16>(at, value, 0);
    v128.store_lane<u8>(at, value, 2, 2);
  }
}

@inline
function loadWide(at: usize): v128 {
  return i16x8.extend_low_i8x16_u(v128.load_zero<u32>(at));
}

function subPixels(row: usize, bytes: usize, pixel: usize): void {
  let left = i8x16.splat(0);
  for (let at = row, end = row + bytes; at < end; at += pixel) {
    left = i8x16.add(left, v128.load_zero<u32>(at));
    storePixel(at, left, pixel);
  }
}

function averagePixels(row: usize, above: usize, bytes: usize, pixel: usize): void {
  const byte = i16x8.splat(255);
  let left = i16x8.splat(0);
  for (let x: usize = 0; x < bytes; x += pixel) {
    const mean = i16x8.shr_u(i16x8.add(left, loadWide(above + x)), 1);
    left = v128.and(i16x8.add(mean, loadWide(row + x)), byte);
    storePixel(row + x, i8x16.narrow_i16x8_u(left, left), pixel);
  }
}

function paethPixels(row: usize, above: usize, bytes: usize, pixel: usize): void {
  if (pixel == 4) paethRow(row, above, bytes, 4);
  else paethRow(row, above, bytes, 3);
}

/** Inlined for each pixel size. */
@inline
function paethRow(row: usize, above: usize, bytes: usize, pixel: usize): void {
  const byte = i16x8.splat(255);
  let left = i16x8.splat(0);
  let corner = i16x8.splat(0);
  for (let x: usize = 0; x < bytes; x += pixel) {
    const up = loadWide(above + x);
    const towardsUp = i16x8.sub(up, corner);
    const towardsLeft = i16x8.sub(left, corner);
    const leftError = i16x8.abs(towardsUp);
    const upError = i16x8.abs(towardsLeft);
    const cornerError = i16x8.abs(i16x8.add(towardsUp, towardsLeft));
    const notLeft = v128.or(i16x8.gt_s(leftError, upError), i16x8.gt_s(leftError, cornerError));
    const upOrCorner = v128.bitselect(corner, up, i16x8.gt_s(upError, cornerError));
    left = v128.and(i16x8.add(v128.bitselect(upOrCorner, left, notLeft), loadWide(row + x)), byte);
    corner = up;
    storePixel(row + x, i8x16.narrow_i16x8_u(left, left), pixel);
  }
}

function paethBytes(row: usize, above: usize, bytes: usize, pixel: usize): void {
  for (let x: usize = 0; x < bytes; x++) {
    const left: i32 = x < pixel ? 0 : load<u8>(row + x - pixel);
    const corner: i32 = x < pixel ? 0 : load<u8>(above + x - pixel);
    const up: i32 = load<u8>(above + x);
    const leftError = abs(up - corner);
    const upError = abs(left - corner);
    const cornerError = abs(left + up - 2 * corner);
    const nearest =
      leftError <= upError && leftError <= cornerError ? left : upError <= cornerError ? up : corner;
    store<u8>(row + x, <u8>(<i32>load<u8>(row + x) + nearest));
  }
}
