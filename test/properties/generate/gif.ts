/**
 * Random GIF files: frames anywhere on or beyond the screen, local palettes, interlacing, transparency, several frames.
 */
import type { Random } from "./random.ts";

export function randomGif(random: Random): Uint8Array {
  const screen = [random.integer(1, 90), random.integer(1, 70)] as const;
  const globalBits = random.integer(1, 8);
  const hasGlobal = random.chance(0.8);
  const file = [
    ...new TextEncoder().encode("GIF89a"),
    ...short(screen[0]),
    ...short(screen[1]),
    hasGlobal ? 0x80 | (globalBits - 1) : 0,
    0,
    0,
    ...(hasGlobal ? palette(random, globalBits) : []),
  ];
  if (random.chance(0.3)) file.push(0x21, 0xfe, 3, 0x61, 0x62, 0x63, 0);
  for (let frame = random.integer(1, 2); frame > 0; frame--) {
    if (random.chance(0.5))
      file.push(0x21, 0xf9, 4, random.integer(0, 1), 0, 0, random.integer(0, 2 ** globalBits - 1), 0);
    file.push(...picture(random, screen, globalBits));
  }
  file.push(0x3b);
  return Uint8Array.from(file);
}

function picture(
  random: Random,
  [screenWidth, screenHeight]: readonly [number, number],
  globalBits: number,
): number[] {
  const whole = random.chance(0.6);
  const left = whole ? 0 : random.integer(0, screenWidth);
  const top = whole ? 0 : random.integer(0, screenHeight);
  const width = whole ? screenWidth : random.integer(1, screenWidth);
  const height = whole ? screenHeight : random.integer(1, screenHeight);
  const localBits = random.chance(0.3) ? random.integer(1, 8) : 0;
  const bits = localBits || globalBits;
  const flags = (localBits ? 0x80 | (localBits - 1) : 0) | (random.chance(0.4) ? 0x40 : 0);
  const indices = Array.from({ length: width * height }, (_, n) =>
    random.chance(0.2) ? random.integer(0, 2 ** bits - 1) : (n >> 3) % 2 ** bits,
  );
  return [
    0x2c,
    ...short(left),
    ...short(top),
    ...short(width),
    ...short(height),
    flags,
    ...(localBits ? palette(random, localBits) : []),
    ...lzw(random, indices, Math.max(bits, 2)),
  ];
}

function palette(random: Random, bits: number): number[] {
  if (random.chance(0.15)) return Array.from({ length: 3 * 2 ** bits }, (_, n) => Math.floor(n / 3));
  return [...random.bytes(3 * 2 ** bits)];
}

function short(value: number): number[] {
  return [value & 255, value >> 8];
}

/** LZW with its table, cleared at random and when it is full. */
function lzw(random: Random, indices: readonly number[], minimum: number): number[] {
  const clear = 2 ** minimum;
  const codes: (readonly [code: number, bits: number])[] = [];
  let table = new Map<string, number>();
  let next = clear + 2;
  let bits = minimum + 1;
  const emit = (code: number) => codes.push([code, bits]);
  // A decoder's table is one entry behind, so it widens its codes one code later.
  const widen = () => {
    if (next === 2 ** bits && bits < 12) bits++;
  };
  const reset = () => {
    emit(clear);
    table = new Map();
    next = clear + 2;
    bits = minimum + 1;
  };
  const codeOf = (text: string) => table.get(text) ?? Number(text);
  reset();
  let text = "";
  for (const index of indices) {
    const longer = text === "" ? `${index}` : `${text},${index}`;
    if (text === "" || table.has(longer)) {
      text = longer;
      continue;
    }
    emit(codeOf(text));
    table.set(longer, next);
    widen();
    next++;
    text = `${index}`;
    if (next > 4095 || random.chance(0.001)) {
      emit(codeOf(text));
      widen();
      text = "";
      reset();
    }
  }
  if (text !== "") emit(codeOf(text));
  emit(clear + 1);
  return blocks(minimum, codes);
}

function blocks(minimum: number, codes: readonly (readonly [number, number])[]): number[] {
  const bytes: number[] = [];
  let held = 0;
  let left = 0;
  for (const [code, bits] of codes) {
    held |= code << left;
    left += bits;
    for (; left >= 8; left -= 8, held >>>= 8) bytes.push(held & 255);
  }
  if (left > 0) bytes.push(held & 255);
  const out = [minimum];
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.slice(at, at + 255);
    out.push(part.length, ...part);
  }
  return [...out, 0];
}
