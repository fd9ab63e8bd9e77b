/** Prediction of blocks from their neighbours (RFC 6386, section 12). */
import {
  DC,
  DOWN_LEFT,
  DOWN_RIGHT,
  HORIZONTAL,
  HORIZONTAL_DOWN,
  HORIZONTAL_UP,
  TRUE_MOTION,
  VERTICAL,
  VERTICAL_LEFT,
  VERTICAL_RIGHT,
} from "./modes";
import { clip, STRIDE } from "./work";

/** A whole plane of a macroblock: 16 or 8 samples a side. */
export function predictSquare(at: usize, mode: i32, side: usize, hasLeft: bool, hasTop: bool): void {
  if (mode == DC) return fillSquare(at, side, mean(at, side, hasLeft, hasTop));
  if (mode == VERTICAL) {
    for (let y: usize = 0; y < side; y++) memory.copy(at + y * STRIDE, at - STRIDE, side);
  } else if (mode == HORIZONTAL) {
    for (let row = at, end = at + side * STRIDE; row < end; row += STRIDE) memory.fill(row, load<u8>(row - 1), side);
  } else {
    trueMotion(at, side);
  }
}

function fillSquare(at: usize, side: usize, value: u8): void {
  for (let y: usize = 0; y < side; y++) memory.fill(at + y * STRIDE, value, side);
}

function mean(at: usize, side: usize, hasLeft: bool, hasTop: bool): u8 {
  if (!hasLeft && !hasTop) return 128;
  let sum: u32 = 0;
  for (let n: usize = 0; n < side; n++) {
    if (hasTop) sum += load<u8>(at - STRIDE + n);
    if (hasLeft) sum += load<u8>(at - 1 + n * STRIDE);
  }
  const count = <u32>side << <u32>(hasLeft && hasTop);
  return <u8>((sum + (count >> 1)) / count);
}

/** Left + top - corner. */
function trueMotion(at: usize, side: usize): void {
  const top = at - STRIDE;
  const corner = <i32>load<u8>(top - 1);
  for (let row = at, end = at + side * STRIDE; row < end; row += STRIDE) {
    const difference = <i32>load<u8>(row - 1) - corner;
    for (let x: usize = 0; x < side; x++) store<u8>(row + x, clip(difference + <i32>load<u8>(top + x)));
  }
}

@inline
function average2(a: i32, b: i32): u8 {
  return <u8>((a + b + 1) >> 1);
}
@inline
function average3(a: i32, b: i32, c: i32): u8 {
  return <u8>((a + 2 * b + c + 2) >> 2);
}

/**
 * The neighbours of a 4×4 block in a line: the left samples from the lowest up, the corner, then eight above. Diagonal
 * modes are the line smoothed, read in one direction or another.
 */
const EDGE = memory.data(16);
@inline
function edge(index: i32): i32 {
  return <i32>load<u8>(EDGE + index);
}
/** Around the corner at 0: negative to the left and down, positive to the right. */
@inline
function smooth(index: i32): u8 {
  return average3(edge(index + 3), edge(index + 4), edge(index + 5));
}
@inline
function between(index: i32): u8 {
  return average2(edge(index + 4), edge(index + 5));
}
@inline
function put(at: usize, x: usize, y: usize, value: u8): void {
  store<u8>(at + x + y * STRIDE, value);
}

export function predictSmall(at: usize, mode: i32): void {
  if (mode == DC) {
    let sum: u32 = 4;
    for (let n: usize = 0; n < 4; n++) sum += <u32>load<u8>(at - STRIDE + n) + <u32>load<u8>(at - 1 + n * STRIDE);
    return fillSquare(at, 4, <u8>(sum >> 3));
  }
  if (mode == TRUE_MOTION) return trueMotion(at, 4);
  for (let n: usize = 0; n < 4; n++) store<u8>(EDGE + 3 - n, load<u8>(at - 1 + n * STRIDE));
  memory.copy(EDGE + 4, at - STRIDE - 1, 9);
  switch (mode) {
    case VERTICAL:
      return vertical(at);
    case HORIZONTAL:
      return horizontal(at);
    case DOWN_RIGHT:
      return downRight(at);
    case DOWN_LEFT:
      return downLeft(at);
    case VERTICAL_RIGHT:
      return verticalRight(at);
    case VERTICAL_LEFT:
      return verticalLeft(at);
    case HORIZONTAL_DOWN:
      return horizontalDown(at);
    default:
      return horizontalUp(at);
  }
}

function vertical(at: usize): void {
  for (let x = 0; x < 4; x++) {
    const value = smooth(x + 1);
    for (let y: usize = 0; y < 4; y++) put(at, x, y, value);
  }
}

function horizontal(at: usize): void {
  for (let y = 0; y < 3; y++) memory.fill(at + <usize>y * STRIDE, smooth(-1 - y), 4);
  memory.fill(at + 3 * STRIDE, average3(edge(1), edge(0), edge(0)), 4);
}

function downRight(at: usize): void {
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 4; x++) put(at, x, y, smooth(x - y));
  }
}

function downLeft(at: usize): void {
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 4; x++) {
      put(at, x, y, x + y == 6 ? average3(edge(11), edge(12), edge(12)) : smooth(x + y + 2));
    }
  }
}

function verticalRight(at: usize): void {
  for (let x = 0; x < 4; x++) {
    put(at, x, 0, between(x));
    put(at, x, 1, smooth(x));
  }
  for (let x: usize = 1; x < 4; x++) {
    put(at, x, 2, load<u8>(at + x - 1));
    put(at, x, 3, load<u8>(at + STRIDE + x - 1));
  }
  put(at, 0, 2, smooth(-1));
  put(at, 0, 3, smooth(-2));
}

function verticalLeft(at: usize): void {
  for (let x = 0; x < 4; x++) {
    put(at, x, 0, between(x + 1));
    put(at, x, 1, smooth(x + 2));
  }
  for (let x: usize = 0; x < 3; x++) {
    put(at, x, 2, load<u8>(at + x + 1));
    put(at, x, 3, load<u8>(at + STRIDE + x + 1));
  }
  // The last column leaves the pattern.
  put(at, 3, 2, smooth(6));
  put(at, 3, 3, smooth(7));
}

function horizontalDown(at: usize): void {
  for (let y = 0; y < 4; y++) {
    put(at, 0, y, between(-1 - y));
    put(at, 1, y, smooth(-y));
  }
  put(at, 2, 0, smooth(1));
  put(at, 3, 0, smooth(2));
  for (let y: usize = 1; y < 4; y++) store<u16>(at + y * STRIDE + 2, load<u16>(at + (y - 1) * STRIDE));
}

function horizontalUp(at: usize): void {
  const last = <u8>edge(0);
  put(at, 0, 0, average2(edge(3), edge(2)));
  put(at, 1, 0, average3(edge(3), edge(2), edge(1)));
  put(at, 0, 1, average2(edge(2), edge(1)));
  put(at, 1, 1, average3(edge(2), edge(1), edge(0)));
  put(at, 0, 2, average2(edge(1), edge(0)));
  put(at, 1, 2, average3(edge(1), edge(0), edge(0)));
  for (let x: usize = 0; x < 4; x++) put(at, x, 3, last);
  put(at, 2, 2, last);
  put(at, 3, 2, last);
  store<u16>(at + 2, load<u16>(at + STRIDE));
  store<u16>(at + STRIDE + 2, load<u16>(at + 2 * STRIDE));
}
