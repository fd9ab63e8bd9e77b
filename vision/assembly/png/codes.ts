/**
 * Huffman tables for inflate (RFC 1951 §3.2.2): a first level of `ROOT` bits, and second levels for longer codes.
 *
 * An entry is a u32: bits 0–4 the code's bits at this level, 5–9 the number of extra bits (or the bits of the second
 * level), 10–13 the kind, 16–31 the value (a literal, the base of a length or distance, or where the second level is).
 */
export const LITERAL: u32 = 1 << 10;
export const END: u32 = 1 << 11;
export const LONGER: u32 = 1 << 12;
export const INVALID: u32 = 1 << 13;

/** First-level bits of the three kinds of tables. */
export const LENGTH_ROOT: i32 = 11;
export const DISTANCE_ROOT: i32 = 9;
export const ORDER_ROOT: i32 = 7;

/** Entries of the largest tables: 2^root and the second levels of 286 or 30 symbols of at most 15 bits, generously. */
export const LENGTH_ENTRIES: usize = 2048 + 286 * 16;
export const DISTANCE_ENTRIES: usize = 512 + 30 * 64;
export const ORDER_ENTRIES: usize = 128;

export const LITERAL_CODES: i32 = 0;
export const DISTANCE_CODES: i32 = 1;
export const ORDER_CODES: i32 = 2;

const LENGTH_BASE = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const LENGTH_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const DISTANCE_BASE = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
const DISTANCE_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);

/** What a symbol means, without its code's bits. */
function meaning(kind: i32, symbol: i32): u32 {
  if (kind == ORDER_CODES) return (<u32>symbol << 16) | LITERAL;
  if (kind == DISTANCE_CODES) {
    if (symbol >= 30) return INVALID;
    const base = <u32>load<u16>(DISTANCE_BASE + (<usize>symbol << 1));
    return (base << 16) | (<u32>load<u8>(DISTANCE_EXTRA + symbol) << 5);
  }
  if (symbol < 256) return (<u32>symbol << 16) | LITERAL;
  if (symbol == 256) return END;
  if (symbol >= 286) return INVALID;
  const base = <u32>load<u16>(LENGTH_BASE + (<usize>(symbol - 257) << 1));
  return (base << 16) | (<u32>load<u8>(LENGTH_EXTRA + symbol - 257) << 5);
}

const COUNTS = memory.data(16 * 4, 4);
const NEXT = memory.data(16 * 4, 4);

@inline
function reversedBits(code: u32, bits: i32): u32 {
  let result: u32 = 0;
  for (let bit = 0; bit < bits; bit++) result |= ((code >> bit) & 1) << (bits - 1 - bit);
  return result;
}

/**
 * Builds a table from `count` code lengths, one byte each. False when the lengths are no prefix code; as in zlib, an
 * incomplete code is one as long as its longest code has one bit.
 */
export function buildCodes(table: usize, root: i32, lengths: usize, count: i32, kind: i32): bool {
  memory.fill(COUNTS, 0, 64);
  for (let symbol = 0; symbol < count; symbol++) {
    const slot = COUNTS + (<usize>load<u8>(lengths + symbol) << 2);
    store<i32>(slot, load<i32>(slot) + 1);
  }
  let code = 0;
  let free = 1;
  let longest = 0;
  for (let bits = 1; bits <= 15; bits++) {
    const codes = load<i32>(COUNTS + (<usize>bits << 2));
    free = (free << 1) - codes;
    if (free < 0) return false;
    if (codes > 0) longest = bits;
    store<i32>(NEXT + (<usize>bits << 2), code);
    code = (code + codes) << 1;
  }
  if (free > 0 && longest > 0 && (kind == ORDER_CODES || longest != 1)) return false;
  if (longest == 0 && kind == ORDER_CODES) return false;

  const size = 1 << root;
  for (let index = 0; index < size; index++) store<u32>(table + (<usize>index << 2), INVALID | 1);
  const secondBits = max(longest - root, 0);
  let used = size;
  for (let symbol = 0; symbol < count; symbol++) {
    const bits = <i32>load<u8>(lengths + symbol);
    if (bits == 0) continue;
    const next = NEXT + (<usize>bits << 2);
    const prefix = reversedBits(<u32>load<i32>(next), bits);
    store<i32>(next, load<i32>(next) + 1);
    const entry = meaning(kind, symbol);
    if (bits <= root) {
      for (let index = prefix; index < <u32>size; index += 1 << bits) {
        store<u32>(table + (<usize>index << 2), entry | bits);
      }
      continue;
    }
    const first = table + (<usize>(prefix & (size - 1)) << 2);
    if (!(load<u32>(first) & LONGER)) {
      store<u32>(first, (<u32>used << 16) | LONGER | (<u32>secondBits << 5) | root);
      for (let index = 0; index < 1 << secondBits; index++) {
        store<u32>(table + (<usize>(used + index) << 2), INVALID | 1);
      }
      used += 1 << secondBits;
    }
    const second = table + (<usize>(load<u32>(first) >> 16) << 2);
    for (let index = prefix >> root; index < <u32>(1 << secondBits); index += 1 << (bits - root)) {
      store<u32>(second + (<usize>index << 2), entry | (bits - root));
    }
  }
  return true;
}
