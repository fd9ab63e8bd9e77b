/** The inverse DCT of a 4×4 block, added to its prediction (RFC 6386, section 14.3). */
import { clip, STRIDE } from "./work";

const BETWEEN = memory.data(64, 16);

/** x · √2 · cos(π/8) and x · √2 · sin(π/8), in 16 bits. */
@inline
function byCosine(value: i32): i32 {
  return ((value * 20091) >> 16) + value;
}
@inline
function bySine(value: i32): i32 {
  return (value * 35468) >> 16;
}

export function addTransformed(block: usize, at: usize): void {
  for (let column: usize = 0; column < 4; column++) {
    const from = block + (column << 1);
    const x0 = <i32>load<i16>(from);
    const x1 = <i32>load<i16>(from, 8);
    const x2 = <i32>load<i16>(from, 16);
    const x3 = <i32>load<i16>(from, 24);
    const a = x0 + x2;
    const b = x0 - x2;
    const c = bySine(x1) - byCosine(x3);
    const d = byCosine(x1) + bySine(x3);
    const to = BETWEEN + (column << 4);
    store<i32>(to, a + d);
    store<i32>(to, b + c, 4);
    store<i32>(to, b - c, 8);
    store<i32>(to, a - d, 12);
  }
  for (let row: usize = 0; row < 4; row++) {
    const from = BETWEEN + (row << 2);
    const x0 = load<i32>(from) + 4;
    const x1 = load<i32>(from, 16);
    const x2 = load<i32>(from, 32);
    const x3 = load<i32>(from, 48);
    const a = x0 + x2;
    const b = x0 - x2;
    const c = bySine(x1) - byCosine(x3);
    const d = byCosine(x1) + bySine(x3);
    const to = at + row * STRIDE;
    store<u8>(to, clip(<i32>load<u8>(to) + ((a + d) >> 3)));
    store<u8>(to, clip(<i32>load<u8>(to, 1) + ((b + c) >> 3)), 1);
    store<u8>(to, clip(<i32>load<u8>(to, 2) + ((b - c) >> 3)), 2);
    store<u8>(to, clip(<i32>load<u8>(to, 3) + ((a - d) >> 3)), 3);
  }
}
