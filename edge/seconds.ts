/** The API's times are whole Unix seconds; inside, all times are Unix milliseconds. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
