/**
 * Random VP8 key frames (RFC 6386): a header of choice, then random bytes. An arithmetic decoder takes any bytes for
 * modes and coefficients, as likely as its probabilities have them.
 */
import type { Random } from "./random.ts";

const START_CODE = [0x9d, 0x01, 0x2a] as const;
/** More than a decoder can use up: the header's and the probabilities' bytes, then those of each macroblock. */
const HEADER_BYTES = 600;
const MODE_BYTES = 40;
const COEFFICIENT_BYTES = 900;

/**
 * A frame of one size. With `mild`, quantisation keeps coefficients within 16 bits, beyond which libwebp's kernels for
 * vectors and its plain ones differ.
 */
export function randomKeyFrame(random: Random, width: number, height: number, mild: boolean): number[] {
  const across = Math.ceil(width / 16);
  const down = Math.ceil(height / 16);
  const partitionBits = random.integer(0, 3);
  const first = [
    ...header(random, partitionBits, mild),
    ...random.bytes(HEADER_BYTES + MODE_BYTES * across * down),
  ];
  const partitions = Array.from({ length: 1 << partitionBits }, () =>
    random.bytes(COEFFICIENT_BYTES * across * Math.ceil(down / (1 << partitionBits))),
  );
  const sizes = partitions.slice(0, -1).flatMap(({ length }) => triple(length));
  // Key frame, version 0 to 3, shown, size of the first partition.
  const tag = (random.integer(0, 3) << 1) | (1 << 4) | (first.length << 5);
  const scaled = (side: number) => [side & 255, (side >> 8) | (random.integer(0, 3) << 6)];
  return [
    ...triple(tag),
    ...START_CODE,
    ...scaled(width),
    ...scaled(height),
    ...first,
    ...sizes,
    ...partitions.flatMap((bytes) => [...bytes]),
  ];
}

/** Section 9.2 to 9.7: everything before the probabilities of coefficients. */
function header(random: Random, partitionBits: number, mild: boolean): number[] {
  const bits = new BoolWriter();
  const flag = (probability: number): boolean => {
    const set = random.chance(probability);
    bits.write(Number(set), 1);
    return set;
  };
  const any = (count: number) => bits.write(random.integer(0, 2 ** count - 1), count);
  const optional = (probability: number, count: number) => {
    if (flag(probability)) any(count);
  };
  any(2); // Colour space and clamping.
  if (flag(0.5)) {
    const map = flag(0.7);
    if (flag(0.7)) {
      any(1);
      for (let segment = 0; segment < 4; segment++) optional(mild ? 0 : 0.5, 7 + 1);
      for (let segment = 0; segment < 4; segment++) optional(0.5, 6 + 1);
    }
    if (map) for (let branch = 0; branch < 3; branch++) optional(0.7, 8);
  }
  any(1); // Simple filter or normal.
  bits.write(random.pick([0, random.integer(1, 63)]), 6);
  any(3);
  if (flag(0.5) && flag(0.7)) for (let delta = 0; delta < 8; delta++) optional(0.5, 6 + 1);
  bits.write(partitionBits, 2);
  bits.write(mild ? 0 : random.pick([0, random.integer(0, 20), random.integer(0, 127)]), 7);
  for (let delta = 0; delta < 5; delta++) optional(mild ? 0 : 0.3, 4 + 1);
  any(1);
  return bits.finish();
}

function triple(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
}

/** Section 7: bits of even chance, as an arithmetic decoder reads them. */
class BoolWriter {
  readonly #bytes: number[] = [];
  #low = 0;
  #range = 255;
  /** Bits until the next byte is complete. */
  #open = 24;

  /** The lowest `count` bits of a value, highest first. */
  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.#bit((value >> bit) & 1);
  }

  finish(): number[] {
    for (let bit = 0; bit < 32; bit++) this.#shift();
    return this.#bytes;
  }

  #bit(bit: number): void {
    const split = 1 + (((this.#range - 1) * 128) >> 8);
    if (bit === 1) {
      this.#low += split;
      this.#range -= split;
    } else {
      this.#range = split;
    }
    while (this.#range < 128) {
      this.#range *= 2;
      this.#shift();
    }
  }

  #shift(): void {
    if (this.#low >= 2 ** 31) {
      this.#carry();
      this.#low -= 2 ** 31;
    }
    this.#low *= 2;
    if (--this.#open > 0) return;
    this.#bytes.push(Math.floor(this.#low / 2 ** 24) & 255);
    this.#low %= 2 ** 24;
    this.#open = 8;
  }

  #carry(): void {
    let last = this.#bytes.length - 1;
    while (this.#bytes[last] === 255) this.#bytes[last--] = 0;
    this.#bytes[last] = (this.#bytes[last] ?? 0) + 1;
  }
}
