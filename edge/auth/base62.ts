const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The largest multiple of 62 in a byte: bytes from here on would favour the first digits. */
const UNBIASED = 248;

/** Random base62 text; every character is worth 5.95 bits. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(2 * length))) {
      if (byte < UNBIASED && text.length < length) text += DIGITS[byte % 62];
    }
  }
  return text;
}

/** A non-negative number as exactly `length` base62 digits, which must be enough for it. */
export function encodeBase62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return text;
}
