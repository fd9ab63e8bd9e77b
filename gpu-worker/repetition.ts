/** A repetition's period, at most, in tokens. */
const LONGEST_PERIOD = 64;
/** How often a period must come, and how many tokens its repetition must cover, both at least. */
const TIMES = 4;
const TOKENS = 32;

/**
 * Whether output ids end in one period of up to 64 tokens that comes at least four times in a row, over at least 32
 * tokens. It is meant for answers that were cut off: a model that ends by itself may repeat what it was asked to
 * repeat.
 */
export function repeatsEndlessly(ids: readonly number[]): boolean {
  for (let period = 1; period <= LONGEST_PERIOD; period += 1) {
    const covered = Math.max(TIMES * period, TOKENS);
    if (covered > ids.length) continue;
    const tail = ids.slice(-covered);
    if (tail.every((id, index) => index < period || id === tail[index - period])) return true;
  }
  return false;
}
