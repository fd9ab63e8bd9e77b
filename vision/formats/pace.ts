/**
 * How much is decoded before other requests run: a few milliseconds of work, since a pause itself costs up to one in
 * workerd.
 */
export const PIXELS_PER_YIELD = 1 << 20;
/** Of a scan whose coefficients are only gathered. */
const BLOCKS = 1 << 16;
/** Of a scan that is only copied and searched. */
export const BYTES_PER_YIELD = 1 << 21;

/** Rows after which a decoding of this width yields, at least 1. */
export function rowsPerYield(width: number): number {
  return Math.max(Math.floor(PIXELS_PER_YIELD / width), 1);
}

/** Rows of blocks after which a scan yields that has so many in each, at least 1. */
export function blockRowsPerYield(blocks: number): number {
  return Math.max(Math.floor(BLOCKS / blocks), 1);
}
