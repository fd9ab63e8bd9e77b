/**
 * The bits of a scan. Byte stuffing is taken out beforehand, in place, so that the decoders can read whole words; each
 * restart interval becomes a segment of its own.
 */
import { allocate } from "../arena";

/** u32 pairs: where a segment begins, where it ends. */
let segments: usize = 0;
let segmentCount: i32 = 0;
let segment: i32 = 0;

export let bits: u64 = 0;
export let count: i32 = 0;
export let position: usize = 0;
let segmentEnd: usize = 0;

export function setBits(newBits: u64, newCount: i32, newPosition: usize): void {
  bits = newBits;
  count = newCount;
  position = newPosition;
}

/** Restart markers of a scan's bytes, at most. */
export function countSegments(from: usize, end: usize): i32 {
  let found = 1;
  for (let at = from; at + 1 < end; at++) {
    if (load<u8>(at) == 0xff && (load<u8>(at, 1) & 0xf8) == 0xd0) found++;
  }
  return found;
}

/**
 * Takes the stuffing out of a scan's bytes and notes its segments, at most `most`, in `list`. Returns the number of
 * segments, negative when the restart markers between them do not count 0 to 7.
 */
export function unstuff(from: usize, end: usize, list: usize, most: i32): i32 {
  const markers = i8x16.splat(-1);
  let out = from;
  let at = from;
  let index = 0;
  let ordered = true;
  store<u32>(list, <u32>out);
  while (at < end) {
    while (at + 16 <= end) {
      const vector = v128.load(at);
      if (v128.any_true(i8x16.eq(vector, markers))) break;
      v128.store(out, vector);
      at += 16;
      out += 16;
    }
    let stop = min(at + 16, end);
    while (at < stop) {
      const byte = load<u8>(at++);
      if (byte != 0xff) {
        store<u8>(out++, byte);
        continue;
      }
      // Fill bytes may come before the second byte of a stuffed 0xff or of a marker.
      while (at < end && load<u8>(at) == 0xff) at++;
      if (at >= end) break;
      const code = load<u8>(at++);
      if (code == 0) {
        store<u8>(out++, 0xff);
        continue;
      }
      store<u32>(list + (<usize>index << 3), <u32>out, 4);
      if (index + 1 == most) return ordered ? most : -1;
      if ((code & 7) != (index & 7)) ordered = false;
      index++;
      store<u32>(list + (<usize>index << 3), <u32>out);
      stop = min(at + 16, end);
    }
  }
  store<u32>(list + (<usize>index << 3), <u32>out, 4);
  return ordered ? index + 1 : -1;
}

export function allocateSegments(most: i32): usize {
  return allocate(<usize>most << 3);
}

export function useSegments(list: usize, number: i32): void {
  segments = list;
  segmentCount = number;
  segment = -1;
}

/** Goes to the next segment. False when the scan has no more. */
export function nextSegment(): bool {
  if (++segment >= segmentCount) return false;
  const entry = segments + (<usize>segment << 3);
  position = load<u32>(entry);
  segmentEnd = load<u32>(entry, 4);
  bits = 0;
  count = 0;
  return true;
}

/** Whether more bits were used than the segment has. */
export function overrun(): bool {
  return position - (<usize>count >> 3) > segmentEnd;
}

/** At least 56 bits are in `bits` afterwards, first bit highest; those past the segment's end are not data. */
@inline
export function refill(): void {
  bits |= bswap<u64>(load<u64>(position)) >> count;
  position += <usize>(63 - count) >> 3;
  count |= 56;
}

@inline
export function skip(n: i32): void {
  bits <<= n;
  count -= n;
}

/** The next `n` bits, 1 to 16. */
@inline
export function take(n: i32): i32 {
  const value = <i32>(bits >> (64 - n));
  skip(n);
  return value;
}

/** The next `n` bits as JPEG's signed value (ITU-T T.81, F.2.2.1 EXTEND). */
@inline
export function takeSigned(n: i32): i32 {
  return extend(take(n), n);
}

@inline
export function extend(value: i32, n: i32): i32 {
  return value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
}
