/**
 * Huffman tables for reading (ITU-T T.81, annex F.2.2.3).
 *
 * The first level looks at `LOOK` bits. An i32 entry: bits 0–4 the bits to use up, bit 7 set when the value's own bits
 * are within the look too, bits 8–15 the symbol, bits 16–31 that value. An entry of 0 is a longer code.
 */
import { bits, skip } from "./entropy";

export const LOOK: i32 = 10;
export const COMPLETE: i32 = 128;

const FIRST_BYTES: usize = 4 << LOOK;
/** i32 for each code length: the first 16-bit prefix beyond its codes; then how far its codes are from their symbols. */
const LIMITS: usize = FIRST_BYTES;
const OFFSETS: usize = LIMITS + 18 * 4;
const SYMBOLS: usize = OFFSETS + 18 * 4;
const TABLE_BYTES: usize = SYMBOLS + 256;

/** Four tables for DC, four for AC. */
const TABLES = memory.data(8 * (4096 + 72 + 72 + 256), 16);
/** Where the caller writes 16 counts and then the symbols. */
const SPECIFICATION = memory.data(16 + 256, 16);

export function huffmanSpecification(): usize {
  return SPECIFICATION;
}

@inline
export function huffmanTable(slot: i32): usize {
  return TABLES + <usize>slot * TABLE_BYTES;
}

/** Builds table `slot` (DC 0–3, AC 4–7) from the specification, which is a valid prefix code of `total` symbols. */
export function buildHuffman(slot: i32, total: i32): void {
  const table = huffmanTable(slot);
  memory.fill(table, 0, TABLE_BYTES);
  memory.copy(table + SYMBOLS, SPECIFICATION + 16, total);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    const codes = <i32>load<u8>(SPECIFICATION + length - 1);
    store<i32>(table + OFFSETS + (<usize>length << 2), index - code);
    for (let n = 0; n < codes; n++, index++, code++) {
      if (length <= LOOK) fillFirst(table, code, length, <i32>load<u8>(table + SYMBOLS + index));
    }
    store<i32>(table + LIMITS + (<usize>length << 2), code << (16 - length));
    code <<= 1;
  }
}

function fillFirst(table: usize, code: i32, length: i32, symbol: i32): void {
  const spare = LOOK - length;
  const size = symbol & 15;
  for (let rest = 0; rest < 1 << spare; rest++) {
    let entry = (symbol << 8) | length;
    if (size > 0 && size <= spare) {
      let value = rest >> (spare - size);
      if (value < 1 << (size - 1)) value += 1 - (1 << size);
      entry = (value << 16) | (symbol << 8) | COMPLETE | (length + size);
    }
    store<i32>(table + (<usize>((code << spare) | rest) << 2), entry);
  }
}

@inline
export function lookUp(table: usize, held: u64): i32 {
  return load<i32>(table + (<usize>(held >> (64 - LOOK)) << 2));
}

/** The length of a code beyond the first level; 17 when there is no such code. */
export function longLength(table: usize, held: u64): i32 {
  const prefix = <i32>(held >> 48);
  let length = LOOK + 1;
  while (length <= 16 && prefix >= load<i32>(table + LIMITS + (<usize>length << 2))) length++;
  return length;
}

/** The symbol of a code of that length. As in libjpeg, no code at all means 0 (and uses up 17 bits). */
export function longSymbol(table: usize, held: u64, length: i32): i32 {
  if (length > 16) return 0;
  const index = <i32>(held >> (64 - length)) + load<i32>(table + OFFSETS + (<usize>length << 2));
  return <i32>load<u8>(table + SYMBOLS + <usize>(index & 255));
}

/** Takes one symbol and nothing of its value. */
export function takeSymbol(table: usize): i32 {
  const entry = lookUp(table, bits);
  if (entry) {
    const used = entry & 31;
    const symbol = (entry >> 8) & 255;
    skip(entry & COMPLETE ? used - (symbol & 15) : used);
    return symbol;
  }
  const length = longLength(table, bits);
  const symbol = longSymbol(table, bits, length);
  skip(length);
  return symbol;
}
