/** Large JPEG files in a moment: one row of MCUs is coded, and stands between restart markers again and again. */
import { randomCode } from "./jpeg-bits.ts";
import { type CodedComponent, type ScanScript, writeScan } from "./jpeg-scan.ts";
import { Random } from "./random.ts";

const MCU = 16;
const FACTORS = [
  [2, 2],
  [1, 1],
  [1, 1],
] as const;
const SEQUENTIAL: readonly ScanScript[] = [{ components: [0, 1, 2], start: 0, end: 63, high: 0, low: 0 }];
const PROGRESSIVE: readonly ScanScript[] = [
  { components: [0, 1, 2], start: 0, end: 0, high: 0, low: 1 },
  { components: [0], start: 1, end: 5, high: 0, low: 2 },
  { components: [2], start: 1, end: 63, high: 0, low: 1 },
  { components: [1], start: 1, end: 63, high: 0, low: 1 },
  { components: [0], start: 6, end: 63, high: 0, low: 2 },
  { components: [0], start: 1, end: 63, high: 2, low: 1 },
  { components: [0, 1, 2], start: 0, end: 0, high: 1, low: 0 },
  { components: [2], start: 1, end: 63, high: 1, low: 0 },
  { components: [1], start: 1, end: 63, high: 1, low: 0 },
  { components: [0], start: 1, end: 63, high: 1, low: 0 },
];

/** A 4:2:0 picture; both sides are multiples of 16, the width at most 65,535 / 4 blocks. */
export function largeJpeg(width: number, height: number, progressive: boolean): Uint8Array<ArrayBuffer> {
  const random = new Random(width + height);
  const mcus = [width / MCU, 1] as const;
  const components = FACTORS.map(([h, v], index): CodedComponent => {
    const columns = mcus[0] * h;
    const blocks = Array.from({ length: columns * v }, () => detailed(random));
    return { id: index + 1, h, v, across: columns, down: v, columns, blocks };
  });
  const dc = randomCode(
    random,
    Array.from({ length: 12 }, (_, n) => n),
  );
  const ac = randomCode(
    random,
    Array.from({ length: 256 }, (_, n) => n),
  );
  const context = { components, mcus, progressive, restartInterval: 0, dc, ac };

  const parts: Uint8Array[] = [];
  const add = (...bytes: readonly number[]) => parts.push(Uint8Array.from(bytes));
  const side = (value: number) => [value >> 8, value & 255];
  add(0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...new Array<number>(64).fill(2));
  add(0xff, progressive ? 0xc2 : 0xc0, 0, 17, 8, ...side(height), ...side(width), 3);
  add(...components.flatMap(({ id, h, v }) => [id, (h << 4) | v, 0]));
  for (const [kind, { counts, symbols }] of [
    [0x00, dc],
    [0x10, ac],
  ] as const) {
    add(0xff, 0xc4, ...side(19 + symbols.length), kind, ...counts, ...symbols);
  }
  for (const script of progressive ? PROGRESSIVE : SEQUENTIAL) {
    const row = Uint8Array.from(writeScan(script, context));
    const [only] = script.components;
    const alone = script.components.length === 1 && only !== undefined ? components[only] : undefined;
    add(0xff, 0xdd, 0, 4, ...side(alone ? alone.across * alone.down : mcus[0]));
    const selectors = script.components.flatMap((index) => [index + 1, 0]);
    const bits = (script.high << 4) | script.low;
    add(
      0xff,
      0xda,
      0,
      6 + selectors.length,
      script.components.length,
      ...selectors,
      script.start,
      script.end,
      bits,
    );
    for (let y = 0; y < height / MCU; y++) {
      if (y > 0) add(0xff, 0xd0 + ((y - 1) & 7));
      parts.push(row);
    }
  }
  add(0xff, 0xd9);
  return new Uint8Array(Buffer.concat(parts));
}

/** A block of about a dozen bytes, as in a photograph of good quality. */
function detailed(random: Random): Int32Array {
  const block = new Int32Array(64);
  block[0] = random.integer(-200, 200);
  for (let index = 1; index < 24; index++) {
    if (random.chance(0.5)) block[index] = random.integer(-24 + index, 24 - index);
  }
  return block;
}
