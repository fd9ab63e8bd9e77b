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

/** The first marker from `from` on that is no restart marker, or `end`; fill bytes count as its beginning. */
export function entropyEnd(from: usize, end: usize): usize {
  const markers = i8x16.splat(-1);
  let at = from;
  while (at < end) {
    if (at + 16 <= end && !v128.any_true(i8x16.eq(v128.load(at), markers))) {
      at += 16;
      continue;
    }
    for (const stop = min(at + 16, end); at < stop; ) {
      if (load<u8>(at) != 0xff) {
        at++;
        continue;
      }
      const marker = at;
      while (at < end && load<u8>(at) == 0xff) at++;
      if (at == end) return marker;
      const code = load<u8>(at++);
      if (code != 0 && (code & 0xf8) != 0xd0) return marker;
    }
  }
  return end;
}

/** Restart markers that begin from `from` to before `until`, in bytes that go on to `end`. */
export function countRestarts(from: usize, until: usize, end: usize): i32 {
  const markers = i8x16.splat(-1);
  let found = 0;
  let at = from;
  while (at < until) {
    if (at + 16 <= until && !v128.any_true(i8x16.eq(v128.load(at), markers))) {
      at += 16;
      continue;
    }
    for (const stop = min(at + 16, until); at < stop; at++) {
      if (load<u8>(at) == 0xff && at + 1 < end && (load<u8>(at, 1) & 0xf8) == 0xd0) found++;
    }
  }
  return found;
}

/** The scan whose stuffing is being taken out: what is read, what is written, and the segments so far. */
let unread: usize = 0;
let unreadEnd: usize = 0;
let written: usize = 0;
let list: usize = 0;
let most: i32 = 0;
let found: i32 = 0;
let ordered: bool = false;

/** Begins to take the stuffing out of a scan's bytes; its segments are noted at `segmentList`, at most `mostSegments`. */
export function beginUnstuffing(from: usize, end: usize, segmentList: usize, mostSegments: i32): void {
  unread = from;
  unreadEnd = end;
  written = from;
  list = segmentList;
  most = mostSegments;
  found = 0;
  ordered = true;
  store<u32>(list, <u32>from);
}

/** Goes on for about so many bytes. False when the scan is done. */
export function unstuff(bytes: usize): bool {
  const markers = i8x16.splat(-1);
  const end = unreadEnd;
  const pauseAt = min(unread + bytes, end);
  let at = unread;
  let out = written;
  while (at < pauseAt) {
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
      endSegment(out);
      if (found == most) return false;
      if ((code & 7) != ((found - 1) & 7)) ordered = false;
      store<u32>(list + (<usize>found << 3), <u32>out);
      stop = min(at + 16, end);
    }
  }
  unread = at;
  written = out;
  if (at < end) return true;
  endSegment(out);
  return false;
}

@inline
function endSegment(at: usize): void {
  store<u32>(list + (<usize>found << 3), <u32>at, 4);
  found++;
}

/** The number of segments; negative when the restart markers between them do not count 0 to 7. */
export function segmentsFound(): i32 {
  return ordered ? found : -1;
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
