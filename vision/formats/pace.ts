/** Pixels after which a decoding lets other requests run: a few milliseconds of work. */
const PIXELS = 1 << 19;

/** Rows after which a decoding of this width yields, at least 1. */
export function rowsPerYield(width: number): number {
  return Math.max(Math.floor(PIXELS / width), 1);
}
