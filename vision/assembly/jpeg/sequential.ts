/** Blocks of a sequential scan (ITU-T T.81, annex F.2.2). */
import { Component } from "./components";
import { bits, count, extend, position, refill, setBits, skip, takeSigned } from "./entropy";
import { COMPLETE, LOOK, longLength, longSymbol, lookUp, takeSymbol } from "./huffman";
import { natural } from "./zigzag";

/** The next difference of DC values. */
export function takeDifference(table: usize): i32 {
  refill();
  const entry = lookUp(table, bits);
  if (entry & COMPLETE) {
    skip(entry & 31);
    return entry >> 16;
  }
  const size = takeSymbol(table) & 15;
  return size ? takeSigned(size) : 0;
}

/**
 * Reads a block of zeros full, in natural order. Returns the last zigzag position that was written, 0 when only DC was.
 */
export function readBlock(one: Component, block: usize): i32 {
  one.prediction += takeDifference(one.dcTable);
  store<i16>(block, <i16>one.prediction);

  const table = one.acTable;
  let held = bits;
  let left = count;
  let from = position;
  let last = 0;
  let index = 1;
  while (index < 64) {
    // A code and its value are at most 32 bits together.
    if (left < 32) {
      held |= bswap<u64>(load<u64>(from)) >> left;
      from += <usize>(63 - left) >> 3;
      left |= 56;
    }
    const entry = load<i32>(table + (<usize>(held >> (64 - LOOK)) << 2));
    if (entry & COMPLETE) {
      const used = entry & 31;
      held <<= used;
      left -= used;
      index += (entry >> 12) & 15;
      store<i16>(block + (natural(index) << 1), <i16>(entry >> 16));
      last = index++;
      continue;
    }
    let symbol = (entry >> 8) & 255;
    let used = entry & 31;
    if (!entry) {
      used = longLength(table, held);
      symbol = longSymbol(table, held, used);
    }
    held <<= used;
    left -= used;
    const size = symbol & 15;
    if (size) {
      index += symbol >> 4;
      const value = extend(<i32>(held >> (64 - size)), size);
      held <<= size;
      left -= size;
      store<i16>(block + (natural(index) << 1), <i16>value);
      last = index++;
    } else if (symbol == 0xf0) {
      index += 16;
    } else {
      break;
    }
  }
  setBits(held, left, from);
  return last;
}
