/** Hex digits of a millisecond time until the year 10889. */
const TIME_DIGITS = 12;
const RANDOM_BYTES = 10;

/**
 * An id that nobody guesses: 80 random bits behind the time, in hex. Ids in order of time keep the account's indexes
 * flat as they grow; ids in random order touch a page of the index each.
 */
export function randomId(): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  return Date.now().toString(16).padStart(TIME_DIGITS, "0") + random.toHex();
}
