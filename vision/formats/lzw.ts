/** GIF's LZW (GIF89a specification, appendix F). */
import { byteAt } from "../bytes.ts";

const MAX_CODE_BITS = 12;

/**
 * Decodes sub-blocks from `at`, the byte of the minimum code size, until `out` is full; yields every `pace` indices.
 * Returns how many indices came before the data ended, or undefined when the data is no LZW.
 */
export function* decodeLzw(
  bytes: Uint8Array,
  at: number,
  out: Uint8Array,
  pace: number,
): Generator<void, number | undefined, void> {
  const minimum = byteAt(bytes, at);
  if (minimum < 1 || minimum >= MAX_CODE_BITS) return undefined;
  const clear = 1 << minimum;
  const end = clear + 1;
  const prefixes = new Uint16Array(1 << MAX_CODE_BITS);
  const suffixes = new Uint8Array(1 << MAX_CODE_BITS);
  const lengths = new Uint16Array(1 << MAX_CODE_BITS).fill(1, 0, clear);
  for (let code = 0; code < clear; code++) suffixes[code] = code;

  let codeBits = minimum + 1;
  let next = end + 1;
  let previous = -1;
  let produced = 0;
  let held = 0;
  let left = 0;
  let position = at + 1;
  let blockLeft = 0;
  let yieldAt = pace;
  while (produced < out.length) {
    if (produced >= yieldAt) {
      yieldAt = produced + pace;
      yield;
    }
    while (left < codeBits) {
      if (blockLeft === 0) {
        blockLeft = byteAt(bytes, position++);
        if (blockLeft === 0) return produced;
      }
      if (position >= bytes.length) return produced;
      held |= byteAt(bytes, position++) << left;
      left += 8;
      blockLeft--;
    }
    const code = held & ((1 << codeBits) - 1);
    held >>>= codeBits;
    left -= codeBits;

    if (code === end) return produced;
    if (code === clear) {
      codeBits = minimum + 1;
      next = end + 1;
      previous = -1;
      continue;
    }
    if (previous < 0) {
      if (code >= clear) return undefined;
      out[produced++] = code;
      previous = code;
      continue;
    }
    if (code > next || (code === next && next === 1 << MAX_CODE_BITS)) return undefined;
    if (next < 1 << MAX_CODE_BITS) {
      prefixes[next] = previous;
      lengths[next] = (lengths[previous] ?? 0) + 1;
      suffixes[next] = firstOf(code === next ? previous : code, prefixes, lengths, suffixes);
      next++;
      if (next === 1 << codeBits && codeBits < MAX_CODE_BITS) codeBits++;
    }
    produced += writeString(code, produced, out, prefixes, lengths, suffixes);
    previous = code;
  }
  return produced;
}

function firstOf(from: number, prefixes: Uint16Array, lengths: Uint16Array, suffixes: Uint8Array): number {
  let code = from;
  while ((lengths[code] ?? 1) > 1) code = prefixes[code] ?? 0;
  return suffixes[code] ?? 0;
}

/** Writes a code's string backwards; what lies beyond the image is left out. */
function writeString(
  from: number,
  at: number,
  out: Uint8Array,
  prefixes: Uint16Array,
  lengths: Uint16Array,
  suffixes: Uint8Array,
): number {
  const length = lengths[from] ?? 0;
  let code = from;
  for (let index = at + length - 1; index >= at; index--) {
    if (index < out.length) out[index] = suffixes[code] ?? 0;
    code = prefixes[code] ?? 0;
  }
  return Math.min(length, out.length - at);
}
