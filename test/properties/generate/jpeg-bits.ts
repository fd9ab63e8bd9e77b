/** Entropy-coded bits with JPEG's byte stuffing, and random Huffman codes to write them with. */
import type { Random } from "./random.ts";

export class BitWriter {
  readonly bytes: number[] = [];
  #held = 0;
  #count = 0;

  write(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      this.#held = (this.#held << 1) | ((value >> bit) & 1);
      if (++this.#count === 8) this.#flush();
    }
  }

  /** Fills the last byte with ones. */
  align(): void {
    while (this.#count > 0) this.write(1, 1);
  }

  /** A marker between restart intervals, at a byte's start. */
  marker(code: number): void {
    this.align();
    this.bytes.push(0xff, code);
  }

  #flush(): void {
    this.bytes.push(this.#held);
    if (this.#held === 0xff) this.bytes.push(0);
    this.#held = 0;
    this.#count = 0;
  }
}

export interface HuffmanCode {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
  /** Code and its bits for each symbol. */
  readonly codes: ReadonlyMap<number, readonly [number, number]>;
}

/** A random prefix code for the symbols, with codes of up to 16 bits and none of ones only. */
export function randomCode(random: Random, symbols: readonly number[]): HuffmanCode {
  let lengths = [0];
  while (lengths.length < symbols.length + 1) {
    const shortest = Math.min(...lengths);
    // Now and then a long leaf is split, so that codes get long; else a short one, so that there is room.
    const longest = Math.max(...lengths);
    const length = longest < 16 && random.chance(0.15) ? longest : shortest;
    const leaf = lengths.indexOf(length);
    lengths = [...lengths.slice(0, leaf), ...lengths.slice(leaf + 1), length + 1, length + 1];
  }
  lengths.sort((a, b) => a - b);
  // The last code of the longest length would be of ones only.
  lengths.pop();
  const shuffled = random.shuffled(symbols);
  const counts = Array.from({ length: 16 }, (_, n) => lengths.filter((length) => length === n + 1).length);
  const codes = new Map<number, readonly [number, number]>();
  let code = 0;
  lengths.forEach((length, index) => {
    const previous = lengths[index - 1] ?? length;
    code <<= length - previous;
    codes.set(shuffled[index] ?? 0, [code, length]);
    code++;
  });
  return { counts, symbols: shuffled, codes };
}

/** JPEG's size of a value and the bits that follow it. */
export function sized(value: number): readonly [number, number] {
  const size = 32 - Math.clz32(Math.abs(value));
  return [size, value < 0 ? value + 2 ** size - 1 : value];
}
