/** Numbers in [0, 1). */
export type Random = () => number;

/**
 * A generator that is the same for the same seed on every machine: sfc32 of PractRand (Chris Doty-Humphrey), seeded
 * with the 64 bits of the seed.
 */
export function seededRandom(seed: number): Random {
  const bits = BigInt.asUintN(64, BigInt(seed));
  let a = Number(bits & 0xffff_ffffn) | 0;
  let b = Number(bits >> 32n) | 0;
  let c = 0;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
