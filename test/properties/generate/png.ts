/**
 * Random PNG files: every colour type and depth, filters at random, interlaced or not, with transparency or without.
 */
import { deflateSync } from "node:zlib";
import { exifBlock } from "./exif.ts";
import { pngChunk, writePng } from "./png-file.ts";
import type { Random } from "./random.ts";

const KINDS: readonly (readonly [type: number, depths: readonly number[]])[] = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
];
const CHANNELS = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
/** Adam7: first column, first row, column step, row step. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function randomPng(random: Random): Uint8Array {
  const [type, depths] = random.pick(KINDS);
  const depth = random.pick(depths);
  const width = random.pick([random.integer(1, 12), random.integer(1, 120)]);
  const height = random.pick([random.integer(1, 12), random.integer(1, 90)]);
  const interlaced = random.chance(0.4);
  const channels = CHANNELS.get(type) ?? 1;
  const samples = picture(random, width, height, channels, 2 ** depth - 1);
  const raw = interlaced
    ? PASSES.flatMap(([x, y, stepX, stepY]) =>
        rows(random, every(samples, x, y, stepX, stepY), channels, depth),
      )
    : rows(random, samples, channels, depth);
  const level = random.pick([0, 1, 6, 9]);
  const data = deflateSync(Uint8Array.from(raw), { level, strategy: random.integer(0, 4) });
  const cut = random.integer(0, data.length);
  const before: Uint8Array[] = [];
  if (random.chance(0.2)) before.push(pngChunk("eXIf", exifBlock(random.integer(1, 8), random.chance(0.5))));
  if (type === 3) before.push(palette(random, depth));
  const transparent = random.chance(0.5) ? transparency(random, type, depth, samples) : undefined;
  if (transparent) before.push(transparent);
  const after = [pngChunk("IDAT", data.subarray(cut))];
  return writePng({
    width,
    height,
    depth,
    colourType: type,
    data: data.subarray(0, cut),
    interlaced,
    before,
    after,
  });
}

/** Rows of samples; smooth with noise, so that filters matter. */
function picture(random: Random, width: number, height: number, channels: number, most: number): number[][] {
  const noise = random.pick([0, 0.05, 1]);
  const slope = random.fraction() * 3;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width * channels }, (_unused, x) => {
      if (random.chance(noise)) return random.integer(0, most);
      return Math.floor((Math.sin((x * slope) / channels / 7 + y / 9) * 0.5 + 0.5) * most);
    }),
  );
}

/** The samples of one pass, with `channels` folded into rows of pixels by the caller's stride. */
function every(samples: number[][], x: number, y: number, stepX: number, stepY: number): Pass {
  return { samples, x, y, stepX, stepY };
}

interface Pass {
  readonly samples: number[][];
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

function rows(random: Random, from: Pass | number[][], channels: number, depth: number): number[] {
  const { samples, x, y, stepX, stepY } = Array.isArray(from) ? every(from, 0, 0, 1, 1) : from;
  const pixel = Math.max((channels * depth) >> 3, 1);
  const out: number[] = [];
  let above: number[] = [];
  for (let row = y; row < samples.length; row += stepY) {
    const whole = samples[row] ?? [];
    const picked: number[] = [];
    for (let column = x; column * channels < whole.length; column += stepX) {
      picked.push(...whole.slice(column * channels, (column + 1) * channels));
    }
    if (picked.length === 0) continue;
    const current = pack(picked, depth);
    const filter = random.integer(0, 4);
    out.push(
      filter,
      ...current.map((byte, index) => (byte - predicted(filter, current, above, index, pixel)) & 255),
    );
    above = current;
  }
  return out;
}

function pack(samples: readonly number[], depth: number): number[] {
  if (depth === 16) return samples.flatMap((sample) => [sample >> 8, sample & 255]);
  if (depth === 8) return [...samples];
  const bytes = new Array<number>(Math.ceil((samples.length * depth) / 8)).fill(0);
  samples.forEach((sample, index) => {
    const bit = index * depth;
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (sample << (8 - depth - (bit & 7)));
  });
  return bytes;
}

function predicted(
  filter: number,
  row: readonly number[],
  above: readonly number[],
  index: number,
  pixel: number,
): number {
  const left = row[index - pixel] ?? 0;
  const up = above[index] ?? 0;
  const corner = above[index - pixel] ?? 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [toLeft, toUp, toCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs);
  if ((toLeft ?? 0) <= (toUp ?? 0) && (toLeft ?? 0) <= (toCorner ?? 0)) return left;
  return (toUp ?? 0) <= (toCorner ?? 0) ? up : corner;
}

function palette(random: Random, depth: number): Uint8Array {
  const entries = random.chance(0.3) ? random.integer(1, 2 ** depth) : 2 ** depth;
  return pngChunk("PLTE", random.bytes(entries * 3));
}

function transparency(
  random: Random,
  type: number,
  depth: number,
  samples: readonly number[][],
): Uint8Array | undefined {
  const short = (value: number) => [value >> 8, value & 255];
  const first = samples[0] ?? [];
  if (type === 0)
    return pngChunk("tRNS", short(random.pick([first[0] ?? 0, random.integer(0, 2 ** depth - 1)])));
  if (type === 2) return pngChunk("tRNS", first.slice(0, 3).flatMap(short));
  return type === 3 ? pngChunk("tRNS", random.bytes(random.integer(1, 2 ** depth))) : undefined;
}
