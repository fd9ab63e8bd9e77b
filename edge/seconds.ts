/** The last second of the year 9999, in Unix seconds: what lies behind it is a mistake. */
export const LAST_SECOND = 253_402_300_799;

/** The API's times are whole Unix seconds; inside, all times are Unix milliseconds. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
