/** Random VP8L pictures (RFC 9649, section 3): transforms at random, one prefix code a channel, literals only. */
import type { Random } from "./random.ts";

const GREEN_SYMBOLS = 256 + 24;
const PREDICTOR = 0;
const COLOUR = 1;
const SUBTRACT_GREEN = 2;

export function randomLossless(random: Random, width: number, height: number, hasAlpha: boolean): number[] {
  const bits = new BitWriter();
  bits.write(0x2f, 8);
  bits.write(width - 1, 14);
  bits.write(height - 1, 14);
  bits.write(Number(hasAlpha), 1);
  bits.write(0, 3);
  for (const transform of random.shuffled([PREDICTOR, COLOUR, SUBTRACT_GREEN])) {
    if (random.chance(0.5)) continue;
    bits.write(1, 1);
    bits.write(transform, 2);
    if (transform === SUBTRACT_GREEN) continue;
    const sizeBits = random.integer(2, 5);
    bits.write(sizeBits - 2, 3);
    const blocks = (side: number) => Math.ceil(side / 2 ** sizeBits);
    writeImage(random, bits, blocks(width) * blocks(height), false);
  }
  bits.write(0, 1);
  writeImage(random, bits, width * height, true);
  return bits.finish();
}

/** Writes pixels of noise, of two values or of one in each channel. */
function writeImage(random: Random, bits: BitWriter, pixels: number, isMain: boolean): void {
  bits.write(0, 1); // No colour cache.
  if (isMain) bits.write(0, 1); // One group of prefix codes.
  const channels = [GREEN_SYMBOLS, 256, 256, 256].map((symbols) => writeCode(random, bits, symbols));
  writeSimpleCode(bits, [0]); // Distances, of which there are none.
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (const writeLiteral of channels) writeLiteral();
  }
}

/** Writes a channel's prefix code; what is returned writes a random literal with it. */
function writeCode(random: Random, bits: BitWriter, symbols: number): () => void {
  const used = random.pick([1, 2, 256]);
  if (used === 256) {
    writeByteCode(bits, symbols);
    return () => bits.write(random.integer(0, 255), 8);
  }
  const first = random.integer(0, 254);
  writeSimpleCode(bits, used === 1 ? [first] : [first, random.integer(first + 1, 255)]);
  return () => {
    if (used === 2) bits.write(random.integer(0, 1), 1);
  };
}

/** One or two symbols, of no bits or of one bit. */
function writeSimpleCode(bits: BitWriter, symbols: readonly number[]): void {
  bits.write(1, 1);
  bits.write(symbols.length - 1, 1);
  bits.write(1, 1);
  for (const symbol of symbols) bits.write(symbol, 8);
}

/** 256 symbols of 8 bits; the alphabet's others have no code. */
function writeByteCode(bits: BitWriter, symbols: number): void {
  bits.write(0, 1);
  // Lengths of the codes for lengths, in the order 17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8: 1 bit for 0 and for 8.
  bits.write(12 - 4, 4);
  for (let place = 0; place < 12; place++) bits.write(Number(place === 2 || place === 11), 3);
  bits.write(0, 1);
  for (let symbol = 0; symbol < symbols; symbol++) bits.write(Number(symbol < 256), 1);
}

/** Lowest bit first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  write(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) {
      this.#held |= ((value >> bit) & 1) << this.#count;
      if (++this.#count === 8) this.#flush();
    }
  }

  finish(): number[] {
    if (this.#count > 0) this.#flush();
    return this.#bytes;
  }

  #flush(): void {
    this.#bytes.push(this.#held);
    this.#held = 0;
    this.#count = 0;
  }
}
