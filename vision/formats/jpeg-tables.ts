/** Huffman and quantisation tables as files carry them (ITU-T T.81, B.2.4). */
import { byteAt, uint16 } from "../bytes.ts";

/** Codes of each length 1 to 16, then the symbols in order. */
export interface HuffmanTable {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** 64 steps in natural order. */
export type QuantisationTable = Uint16Array;

const ZIGZAG: readonly number[] = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
];

export interface Tables {
  readonly quantisation: (QuantisationTable | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
}

export const DHT = 0xc4;
const DQT = 0xdb;

/** Takes a DHT or DQT segment's body; false when it is malformed or another segment's. */
export function readTables(marker: number, body: Uint8Array, tables: Tables): boolean {
  if (marker === DQT) return readQuantisation(body, tables);
  return marker === DHT && readHuffman(body, tables);
}

function readQuantisation(body: Uint8Array, tables: Tables): boolean {
  let at = 0;
  while (at < body.length) {
    const wide = byteAt(body, at) >> 4;
    const index = byteAt(body, at) & 15;
    const size = wide ? 128 : 64;
    if (index > 3 || at + 1 + size > body.length) return false;
    const table = new Uint16Array(64);
    ZIGZAG.forEach((natural, step) => {
      table[natural] = wide ? uint16(body, at + 1 + step * 2) : byteAt(body, at + 1 + step);
    });
    tables.quantisation[index] = table;
    at += 1 + size;
  }
  return true;
}

function readHuffman(body: Uint8Array, tables: Tables): boolean {
  let at = 0;
  while (at < body.length) {
    const kind = byteAt(body, at) >> 4;
    const index = byteAt(body, at) & 15;
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (kind > 1 || index > 3 || total > 256 || at + 17 + total > body.length) return false;
    (kind === 1 ? tables.ac : tables.dc)[index] = {
      counts,
      symbols: body.subarray(at + 17, at + 17 + total),
    };
    at += 17 + total;
  }
  return true;
}

/** Whether the counts are a prefix code without a code of ones only, and DC symbols are sizes. */
export function isUsable({ counts, symbols }: HuffmanTable, isDc: boolean): boolean {
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    code += counts[length - 1] ?? 0;
    if ((counts[length - 1] ?? 0) > 0 && code >= 1 << length) return false;
    code <<= 1;
  }
  return !isDc || symbols.every((symbol) => symbol <= 15);
}

/** The tables of files without their own, as motion JPEG's frames are (ITU-T T.81, K.3). */
export function fillStandardTables(tables: Tables): void {
  for (const index of [0, 1]) {
    tables.dc[index] ??= STANDARD_DC[index];
    tables.ac[index] ??= STANDARD_AC[index];
  }
}

function fromHex(counts: string, symbols: string): HuffmanTable {
  return { counts: bytesOf(counts), symbols: bytesOf(symbols) };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const STANDARD_DC = [
  fromHex("00010501010101010100000000000000", "000102030405060708090a0b"),
  fromHex("00030101010101010101010000000000", "000102030405060708090a0b"),
] as const;
const STANDARD_AC = [
  fromHex(
    "0002010303020403050504040000017d",
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728" +
      "292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a83848586878889" +
      "8a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2" +
      "e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
  ),
  fromHex(
    "00020102040403040705040400010277",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a26" +
      "2728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a828384858687" +
      "88898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9da" +
      "e2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
  ),
] as const;
