/**
 * Random JPEG files of random coefficients: every sampling layout, colour model, scan script, table and restart
 * interval that a decoder should take.
 */

import { exifSegment } from "./exif.ts";
import { type HuffmanCode, randomCode } from "./jpeg-bits.ts";
import { type CodedComponent, type ScanScript, writeScan } from "./jpeg-scan.ts";
import type { Random } from "./random.ts";

const DC_SYMBOLS = Array.from({ length: 16 }, (_, n) => n);
const AC_SYMBOLS = Array.from({ length: 256 }, (_, n) => n);
const MAX_MCU_BLOCKS = 10;

type Sampling = readonly (readonly [h: number, v: number])[];

/** Factors whose ratios are whole, as libjpeg wants them. */
const LAYOUTS: readonly Sampling[] = [
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 4],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 4],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [2, 1],
    [2, 1],
  ],
  [
    [2, 2],
    [1, 2],
    [1, 2],
  ],
  [
    [1, 1],
    [2, 2],
    [2, 2],
  ],
  [
    [2, 2],
    [2, 1],
    [1, 2],
  ],
  [
    [2, 1],
    [1, 1],
    [2, 1],
  ],
  [
    [1, 1],
    [2, 1],
    [1, 2],
  ],
];

export function randomJpeg(random: Random): Uint8Array {
  const count = random.pick([1, 3, 3, 3, 3, 4]);
  const layout = random.pick(LAYOUTS);
  const sampling = count === 1 ? [[random.integer(1, 4), random.integer(1, 4)] as const] : layout;
  const factors = count === 4 ? ([...sampling, sampling[0] ?? [1, 1]] as Sampling) : sampling;
  const width = random.pick([random.integer(1, 40), random.integer(1, 230)]);
  const height = random.pick([random.integer(1, 40), random.integer(1, 170)]);
  const progressive = random.chance(0.5);
  const { components, mcus } = layOut(random, width, height, factors);
  const ids = random.chance(0.15) && count === 3 ? [82, 71, 66] : [1, 2, 3, 4];
  const named = components.map((one, index) => ({ ...one, id: ids[index] ?? 0 }));

  const dc = randomCode(random, DC_SYMBOLS);
  const ac = randomCode(random, AC_SYMBOLS);
  const restartInterval = random.chance(0.4) ? random.integer(1, 9) : 0;
  const context = { components: named, mcus, progressive, restartInterval, dc, ac };
  const file = [0xff, 0xd8, ...colourSegments(random, count)];
  if (random.chance(0.4)) file.push(...exifSegment(random.integer(1, 8), random.chance(0.5)));
  file.push(...segment(0xdb, quantisation(random)));
  file.push(...segment(progressive ? 0xc2 : random.pick([0xc0, 0xc1]), frame(width, height, named)));
  file.push(...segment(0xc4, [0x00, ...specification(dc), 0x10, ...specification(ac)]));
  if (restartInterval > 0) file.push(...segment(0xdd, [0, restartInterval]));
  for (const script of progressive ? progression(random, named) : sequence(random, named)) {
    const selectors = script.components.flatMap((index) => [named[index]?.id ?? 0, 0x00]);
    const tail = [script.start, script.end, (script.high << 4) | script.low];
    file.push(...segment(0xda, [script.components.length, ...selectors, ...tail]));
    for (const byte of writeScan(script, context)) file.push(byte);
    if (random.chance(0.1)) file.push(0xff, 0xff);
  }
  file.push(0xff, 0xd9);
  if (random.chance(0.2)) file.push(...random.bytes(random.integer(1, 30)));
  return Uint8Array.from(file);
}

function layOut(random: Random, width: number, height: number, factors: Sampling) {
  const single = factors.length === 1;
  const maxH = single ? 1 : Math.max(...factors.map(([h]) => h));
  const maxV = single ? 1 : Math.max(...factors.map(([, v]) => v));
  const mcus = [Math.ceil(width / (8 * maxH)), Math.ceil(height / (8 * maxV))] as const;
  const density = random.pick([0.02, 0.1, 0.4]);
  const reach = random.pick([2, 10, 63]);
  const components = factors.map(([h, v]): CodedComponent => {
    const [unitH, unitV] = single ? [1, 1] : [h, v];
    const columns = mcus[0] * unitH;
    const rows = mcus[1] * unitV;
    let level = random.integer(-60, 60);
    return {
      id: 0,
      h,
      v,
      across: Math.ceil(Math.ceil((width * unitH) / maxH) / 8),
      down: Math.ceil(Math.ceil((height * unitV) / maxV) / 8),
      columns,
      blocks: Array.from({ length: columns * rows }, () => {
        level = Math.max(-250, Math.min(250, level + random.integer(-40, 40)));
        return block(random, level, density, reach);
      }),
    };
  });
  return { components, mcus };
}

function block(random: Random, level: number, density: number, reach: number): Int32Array {
  const coefficients = new Int32Array(64);
  coefficients[0] = level;
  for (let index = 1; index <= reach; index++) {
    if (!random.chance(density)) continue;
    const size = random.integer(1, Math.max(2, Math.floor(60 / (1 + index / 4))));
    coefficients[index] = random.chance(0.5) ? size : -size;
  }
  return coefficients;
}

function segment(marker: number, body: readonly number[]): number[] {
  return [0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body];
}

function colourSegments(random: Random, count: number): number[] {
  const jfif = segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const adobe = segment(0xee, [0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, random.integer(0, 2)]);
  if (count === 4) return random.chance(0.8) ? adobe : [];
  return random.pick([jfif, jfif, adobe, [...jfif, ...adobe], []]);
}

/** One table of 8-bit steps and one of 16-bit ones; the frame uses both. */
function quantisation(random: Random): number[] {
  const steps = (most: number) => Array.from({ length: 64 }, () => random.integer(1, most));
  const most = random.pick([2, 8, 40]);
  return [0x00, ...steps(most), 0x11, ...steps(most).flatMap((step) => [step >> 8, step & 255])];
}

function frame(width: number, height: number, components: readonly CodedComponent[]): number[] {
  return [
    8,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    components.length,
    ...components.flatMap(({ id, h, v }, index) => [id, (h << 4) | v, index === 0 ? 0 : 1]),
  ];
}

function specification({ counts, symbols }: HuffmanCode): number[] {
  return [...counts, ...symbols];
}

function blocksOf(components: readonly CodedComponent[], indices: readonly number[]): number {
  return indices.reduce((sum, index) => sum + (components[index]?.h ?? 0) * (components[index]?.v ?? 0), 0);
}

/** One scan of all components, or several of some. */
function groups(random: Random, components: readonly CodedComponent[]): number[][] {
  const all = components.map((_, index) => index);
  if (blocksOf(components, all) <= MAX_MCU_BLOCKS && random.chance(0.7)) return [all];
  return all.map((index) => [index]);
}

function sequence(random: Random, components: readonly CodedComponent[]): ScanScript[] {
  return groups(random, components).map((indices) => ({
    components: indices,
    start: 0,
    end: 63,
    high: 0,
    low: 0,
  }));
}

function progression(random: Random, components: readonly CodedComponent[]): ScanScript[] {
  const dcLow = random.integer(0, 2);
  const scripts: ScanScript[] = [];
  for (const indices of groups(random, components)) {
    scripts.push({ components: indices, start: 0, end: 0, high: 0, low: dcLow });
  }
  const queues: ScanScript[][] = [];
  for (let low = dcLow - 1; low >= 0; low--) {
    queues.push(
      groups(random, components).map((indices) => ({
        components: indices,
        start: 0,
        end: 0,
        high: low + 1,
        low,
      })),
    );
  }
  // Refinements of DC come in order; each band of each component has an order of its own.
  const chains: ScanScript[][] = [queues.flat()];
  components.forEach((_, index) => {
    const cut = random.integer(1, 63);
    for (const [start, end] of cut < 63
      ? [
          [1, cut],
          [cut + 1, 63],
        ]
      : [[1, 63]]) {
      if (start === undefined || end === undefined) continue;
      const first = random.integer(0, 3);
      const chain: ScanScript[] = [{ components: [index], start, end, high: 0, low: first }];
      for (let low = first - 1; low >= 0; low--)
        chain.push({ components: [index], start, end, high: low + 1, low });
      chains.push(chain);
    }
  });
  while (chains.some((chain) => chain.length > 0)) {
    const next = random.pick(chains.filter((chain) => chain.length > 0)).shift();
    if (next) scripts.push(next);
  }
  return scripts;
}
