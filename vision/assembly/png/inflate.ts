/**
 * Inflate (RFC 1950, RFC 1951) of input that is whole in memory, into a window that the caller empties as it fills: a
 * image's bytes are never held together, and nothing is inflated beyond what the caller asks for.
 */
import { allocate } from "../arena";
import {
  buildCodes,
  DISTANCE_CODES,
  DISTANCE_ENTRIES,
  DISTANCE_ROOT,
  END,
  INVALID,
  LENGTH_ENTRIES,
  LENGTH_ROOT,
  LITERAL,
  LITERAL_CODES,
  LONGER,
  ORDER_CODES,
  ORDER_ENTRIES,
  ORDER_ROOT,
} from "./codes";

const HISTORY: usize = 32768;
const CHUNK: usize = 98304;
/** The longest match, and whole vectors written past its end. */
const OVERRUN: usize = 258 + 32;

/** What `inflateMore` found. */
export const MORE: i32 = 0;
export const FINISHED: i32 = 1;
export const TRUNCATED: i32 = -1;
export const CORRUPT: i32 = -2;

const BETWEEN_BLOCKS: i32 = 0;
const STORED: i32 = 1;
const CODED: i32 = 2;
const DONE: i32 = 3;

let bits: u64 = 0;
let count: i32 = 0;
let position: usize = 0;
let inputEnd: usize = 0;
let state: i32 = 0;
let lastBlock: bool = false;
let storedLeft: usize = 0;

let window: usize = 0;
let produced: usize = 0;
/** How many bytes before `produced` are part of the output. */
let reach: usize = 0;

let lengthTable: usize = 0;
let distanceTable: usize = 0;
let orderTable: usize = 0;
let lengths: usize = 0;

const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Where the bytes of the latest `inflateMore` begin. */
export function inflatedStart(): usize {
  return window + HISTORY;
}
export function inflatedBytes(): usize {
  return produced - HISTORY;
}

/** Begins at a zlib header; `input` must be readable 8 bytes past its end. False when it is no zlib stream. */
export function beginInflate(input: usize, size: usize): bool {
  if (size < 2) return false;
  const method = <i32>load<u8>(input);
  const flags = <i32>load<u8>(input, 1);
  if ((method & 15) != 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 != 0 || flags & 32) return false;
  position = input + 2;
  inputEnd = input + size;
  bits = 0;
  count = 0;
  state = BETWEEN_BLOCKS;
  lastBlock = false;
  window = allocate(HISTORY + CHUNK + OVERRUN);
  produced = HISTORY;
  reach = 0;
  lengthTable = allocate(LENGTH_ENTRIES << 2);
  distanceTable = allocate(DISTANCE_ENTRIES << 2);
  orderTable = allocate(ORDER_ENTRIES << 2);
  lengths = allocate(320 + 140);
  return true;
}

/** At least 56 bits are in `bits` afterwards, of which those past the input's end are not data. */
@inline
function refill(): void {
  bits |= load<u64>(position) << count;
  position += <usize>(63 - count) >> 3;
  count |= 56;
}

@inline
function take(n: i32): u32 {
  const value = <u32>(bits & ((<u64>1 << n) - 1));
  bits >>= n;
  count -= n;
  return value;
}

@inline
function exhausted(): bool {
  return position - (<usize>count >> 3) > inputEnd;
}

/**
 * Inflates about a chunk; the bytes stand at `inflatedStart`. Call again for more after MORE; the bytes before are then
 * gone.
 */
export function inflateMore(): i32 {
  slide();
  while (produced < HISTORY + CHUNK) {
    // A position far past the end must not be read from again.
    if (exhausted()) return TRUNCATED;
    if (state == CODED) {
      const result = inflateCodes();
      if (result != MORE) return result;
    } else if (state == STORED) {
      if (!copyStored()) return TRUNCATED;
    } else if (state == DONE) {
      return FINISHED;
    } else if (lastBlock) {
      state = DONE;
    } else if (!beginBlock()) {
      return exhausted() ? TRUNCATED : CORRUPT;
    }
  }
  return exhausted() ? TRUNCATED : MORE;
}

function slide(): void {
  const fresh = produced - HISTORY;
  reach = min(reach + fresh, HISTORY);
  if (fresh > 0) memory.copy(window, window + fresh, HISTORY);
  produced = HISTORY;
}

function beginBlock(): bool {
  refill();
  lastBlock = take(1) == 1;
  const kind = take(2);
  if (kind == 0) return beginStored();
  if (kind == 3) return false;
  state = CODED;
  return kind == 1 ? buildFixed() : buildDynamic();
}

function beginStored(): bool {
  take(count & 7);
  refill();
  const size = take(16);
  const complement = take(16);
  if (size != (complement ^ 0xffff)) return false;
  position -= <usize>count >> 3;
  bits = 0;
  count = 0;
  storedLeft = size;
  state = STORED;
  return true;
}

function copyStored(): bool {
  if (position > inputEnd) return false;
  const size = min(storedLeft, HISTORY + CHUNK - produced);
  if (position + size > inputEnd) return false;
  memory.copy(window + produced, position, size);
  position += size;
  produced += size;
  storedLeft -= size;
  if (storedLeft == 0) state = BETWEEN_BLOCKS;
  return true;
}

function buildFixed(): bool {
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  if (!buildCodes(lengthTable, LENGTH_ROOT, lengths, 288, LITERAL_CODES)) return false;
  memory.fill(lengths, 5, 32);
  return buildCodes(distanceTable, DISTANCE_ROOT, lengths, 32, DISTANCE_CODES);
}

function buildDynamic(): bool {
  const literals = <i32>take(5) + 257;
  const distances = <i32>take(5) + 1;
  const orders = <i32>take(4) + 4;
  if (literals > 286 || distances > 30) return false;
  memory.fill(lengths, 0, 19);
  for (let index = 0; index < orders; index++) {
    if (count < 3) refill();
    store<u8>(lengths + load<u8>(ORDER + index), <u8>take(3));
  }
  if (!buildCodes(orderTable, ORDER_ROOT, lengths, 19, ORDER_CODES)) return false;

  const total = literals + distances;
  let index = 0;
  while (index < total) {
    if (exhausted()) return false;
    refill();
    const entry = load<u32>(orderTable + (<usize>(bits & 127) << 2));
    if (entry & INVALID) return false;
    take(entry & 31);
    const symbol = <i32>(entry >> 16);
    if (symbol < 16) {
      store<u8>(lengths + index++, <u8>symbol);
      continue;
    }
    if (symbol == 16 && index == 0) return false;
    const value = symbol == 16 ? load<u8>(lengths + index - 1) : 0;
    const repeats = symbol == 16 ? 3 + <i32>take(2) : symbol == 17 ? 3 + <i32>take(3) : 11 + <i32>take(7);
    if (index + repeats > total) return false;
    memory.fill(lengths + index, value, repeats);
    index += repeats;
  }
  if (load<u8>(lengths + 256) == 0) return false;
  return (
    buildCodes(lengthTable, LENGTH_ROOT, lengths, literals, LITERAL_CODES) &&
    buildCodes(distanceTable, DISTANCE_ROOT, lengths + literals, distances, DISTANCE_CODES)
  );
}

/** Symbols until the block ends or the chunk is full. */
function inflateCodes(): i32 {
  const literals = lengthTable;
  const distances = distanceTable;
  const limit = window + HISTORY + CHUNK;
  const earliest = window + HISTORY - reach;
  const last = inputEnd + 8;
  let out = window + produced;
  let held = bits;
  let left = count;
  let from = position;
  let result = MORE;
  while (out < limit && from <= last) {
    held |= load<u64>(from) << left;
    from += <usize>(63 - left) >> 3;
    left |= 56;
    let entry = load<u32>(literals + ((<usize>held & ((1 << LENGTH_ROOT) - 1)) << 2));
    // Up to three literals of a first-level code fit into one refill, and leave enough bits for a length.
    if (entry & LITERAL) {
      held >>= entry & 31;
      left -= entry & 31;
      store<u8>(out++, <u8>(entry >> 16));
      entry = load<u32>(literals + ((<usize>held & ((1 << LENGTH_ROOT) - 1)) << 2));
      if (entry & LITERAL) {
        held >>= entry & 31;
        left -= entry & 31;
        store<u8>(out++, <u8>(entry >> 16));
        entry = load<u32>(literals + ((<usize>held & ((1 << LENGTH_ROOT) - 1)) << 2));
        if (entry & LITERAL) {
          held >>= entry & 31;
          left -= entry & 31;
          store<u8>(out++, <u8>(entry >> 16));
          continue;
        }
      }
      held |= load<u64>(from) << left;
      from += <usize>(63 - left) >> 3;
      left |= 56;
    }
    if (entry & LONGER) {
      held >>= LENGTH_ROOT;
      left -= LENGTH_ROOT;
      entry = load<u32>(
        literals + ((<usize>(entry >> 16) + (<usize>held & ((<usize>1 << ((entry >> 5) & 31)) - 1))) << 2),
      );
    }
    held >>= entry & 31;
    left -= entry & 31;
    if (entry & LITERAL) {
      store<u8>(out++, <u8>(entry >> 16));
      continue;
    }
    if (entry & END) {
      state = BETWEEN_BLOCKS;
      break;
    }
    if (entry & INVALID) {
      result = CORRUPT;
      break;
    }
    const lengthBits = (entry >> 5) & 31;
    const length = <usize>(entry >> 16) + (<usize>held & ((<usize>1 << lengthBits) - 1));
    held >>= lengthBits;
    left -= lengthBits;

    entry = load<u32>(distances + ((<usize>held & ((1 << DISTANCE_ROOT) - 1)) << 2));
    if (entry & LONGER) {
      held >>= DISTANCE_ROOT;
      left -= DISTANCE_ROOT;
      entry = load<u32>(
        distances + ((<usize>(entry >> 16) + (<usize>held & ((<usize>1 << ((entry >> 5) & 31)) - 1))) << 2),
      );
    }
    if (entry & INVALID) {
      result = CORRUPT;
      break;
    }
    held >>= entry & 31;
    left -= entry & 31;
    const distanceBits = (entry >> 5) & 31;
    const distance = <usize>(entry >> 16) + (<usize>held & ((<usize>1 << distanceBits) - 1));
    held >>= distanceBits;
    left -= distanceBits;
    if (distance > out - earliest) {
      result = CORRUPT;
      break;
    }
    copyMatch(out, distance, length);
    out += length;
  }
  bits = held;
  count = left;
  position = from;
  produced = out - window;
  return result;
}

/** Copies `length` bytes from `distance` before `out`; may write whole vectors past the match's end. */
@inline
function copyMatch(out: usize, distance: usize, length: usize): void {
  const end = out + length;
  if (distance >= 16) {
    for (let at = out; at < end; at += 16) v128.store(at, v128.load(at - distance));
  } else if (distance == 1) {
    const byte = i8x16.splat(load<u8>(out - 1));
    for (let at = out; at < end; at += 16) v128.store(at, byte);
  } else {
    for (let at = out; at < end; at++) store<u8>(at, load<u8>(at - distance));
  }
}
