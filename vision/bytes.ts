/** Reads of file bytes. Out of range reads are 0, so that a parser checks lengths once, where it has something to say. */

export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function uint16(bytes: Uint8Array, at: number, littleEndian = false): number {
  const first = byteAt(bytes, at);
  const second = byteAt(bytes, at + 1);
  return littleEndian ? (second << 8) | first : (first << 8) | second;
}

export function uint24(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16);
}

export function uint32(bytes: Uint8Array, at: number, littleEndian = false): number {
  const first = uint16(bytes, at, littleEndian);
  const second = uint16(bytes, at + 2, littleEndian);
  return littleEndian ? second * 65_536 + first : first * 65_536 + second;
}

/** `length` bytes as Latin-1. */
export function text(bytes: Uint8Array, at: number, length: number): string {
  let result = "";
  for (const byte of bytes.subarray(at, at + length)) result += String.fromCharCode(byte);
  return result;
}

export function startsWith(bytes: Uint8Array, prefix: string, at = 0): boolean {
  return text(bytes, at, prefix.length) === prefix;
}
