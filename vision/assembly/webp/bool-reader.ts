/** VP8's boolean entropy decoder (RFC 6386, section 7). */
import { allocateZeroed } from "../arena";

@unmanaged
export class BoolReader {
  /** `count` + 8 bits that have been read and not used up. */
  value: u64;
  count: i32;
  /** The range, less 1. */
  range: u32;
  at: usize;
  end: usize;
  /** Whether bits beyond the end were asked for. */
  exhausted: bool;
}

export function openReader(at: usize, size: usize): BoolReader {
  const reader = changetype<BoolReader>(allocateZeroed(offsetof<BoolReader>()));
  reader.at = at;
  reader.end = at + size;
  reader.range = 254;
  reader.count = -8;
  return reader;
}

/** Reads on; past the end one byte of zeros is given, then nothing changes any more. */
export function fill(reader: BoolReader): void {
  const at = reader.at;
  if (at + 8 <= reader.end) {
    reader.value = (reader.value << 56) | (bswap<u64>(load<u64>(at)) >> 8);
    reader.at = at + 7;
    reader.count += 56;
  } else if (at < reader.end) {
    reader.value = (reader.value << 8) | load<u8>(at);
    reader.at = at + 1;
    reader.count += 8;
  } else if (!reader.exhausted) {
    reader.value <<= 8;
    reader.count += 8;
    reader.exhausted = true;
  } else {
    reader.count = 0;
  }
}

/** One bit that is 0 with `probability` / 256. */
export function readBit(reader: BoolReader, probability: u32): bool {
  if (reader.count < 0) fill(reader);
  const count = reader.count;
  const split = (reader.range * probability) >> 8;
  const isOne = <u32>(reader.value >> count) > split;
  let range: u32;
  if (isOne) {
    range = reader.range - split;
    reader.value -= <u64>(split + 1) << count;
  } else {
    range = split + 1;
  }
  const shift = clz(range) - 24;
  reader.range = (range << shift) - 1;
  reader.count = count - shift;
  return isOne;
}

@inline
export function readFlag(reader: BoolReader): bool {
  return readBit(reader, 128);
}

export function readValue(reader: BoolReader, bits: i32): i32 {
  let value = 0;
  for (let bit = bits - 1; bit >= 0; bit--) value |= <i32>readFlag(reader) << bit;
  return value;
}

/** A magnitude, then its sign. */
export function readSigned(reader: BoolReader, bits: i32): i32 {
  const value = readValue(reader, bits);
  return readFlag(reader) ? -value : value;
}

/** A signed value behind a flag; 0 without it. */
export function readOptional(reader: BoolReader, bits: i32): i32 {
  return readFlag(reader) ? readSigned(reader, bits) : 0;
}
