/** 128 random bits in hex: an id that nobody guesses. */
export function randomId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
