/** Scans of given coefficients: sequential, and all four kinds of progressive ones (ITU-T T.81, annexes F and G). */
import { BitWriter, type HuffmanCode, sized } from "./jpeg-bits.ts";

export interface CodedComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  /** Blocks of a scan that has only this component, and of a row of whole MCUs. */
  readonly across: number;
  readonly down: number;
  readonly columns: number;
  /** 64 coefficients of each block in zigzag order, rows of `columns`. */
  readonly blocks: readonly Int32Array[];
}

export interface ScanScript {
  readonly components: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly high: number;
  readonly low: number;
}

export interface ScanContext {
  readonly components: readonly CodedComponent[];
  readonly mcus: readonly [number, number];
  readonly progressive: boolean;
  readonly restartInterval: number;
  readonly dc: HuffmanCode;
  readonly ac: HuffmanCode;
}

/** The entropy-coded bytes of one scan. */
export function writeScan(script: ScanScript, context: ScanContext): readonly number[] {
  const writer = new BitWriter();
  const coder = new ScanCoder(writer, script, context);
  const order = [...mcusOf(script, context)];
  order.forEach((mcu, index) => {
    if (context.restartInterval > 0 && index > 0 && index % context.restartInterval === 0) {
      coder.flush();
      writer.marker(0xd0 + ((index / context.restartInterval - 1) & 7));
      coder.restart();
    }
    for (const [component, block] of mcu) coder.block(component, block);
  });
  coder.flush();
  writer.align();
  return writer.bytes;
}

type McuBlocks = (readonly [component: number, block: Int32Array])[];

function* mcusOf({ components }: ScanScript, context: ScanContext): Generator<McuBlocks> {
  const [only] = components;
  if (components.length === 1 && only !== undefined) {
    const { across, down, columns, blocks } = at(context.components, only);
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) yield [[only, at(blocks, y * columns + x)]];
    }
    return;
  }
  for (let my = 0; my < context.mcus[1]; my++) {
    for (let mx = 0; mx < context.mcus[0]; mx++) {
      yield components.flatMap((index) => {
        const { h, v, columns, blocks } = at(context.components, index);
        return Array.from({ length: h * v }, (_, n) => {
          const y = my * v + Math.floor(n / h);
          return [index, at(blocks, y * columns + mx * h + (n % h))] as const;
        });
      });
    }
  }
}

class ScanCoder {
  readonly #writer: BitWriter;
  readonly #script: ScanScript;
  readonly #context: ScanContext;
  readonly #predictions = [0, 0, 0, 0];
  #endOfBandRun = 0;
  #corrections: number[] = [];

  constructor(writer: BitWriter, script: ScanScript, context: ScanContext) {
    this.#writer = writer;
    this.#script = script;
    this.#context = context;
  }

  restart(): void {
    this.#predictions.fill(0);
  }

  block(component: number, block: Int32Array): void {
    const { start, high, low } = this.#script;
    if (!this.#context.progressive) {
      this.#difference(component, at(block, 0));
      this.#sequential(block);
    } else if (start === 0) {
      if (high === 0) this.#difference(component, at(block, 0) >> low);
      else this.#writer.write((at(block, 0) >> low) & 1, 1);
    } else if (high === 0) {
      this.#first(block);
    } else {
      this.#refinement(block);
    }
  }

  /** Writes a pending run of empty bands. */
  flush(): void {
    if (this.#endOfBandRun > 0) {
      const exponent = 31 - Math.clz32(this.#endOfBandRun);
      this.#symbol(this.#context.ac, exponent << 4);
      this.#writer.write(this.#endOfBandRun, exponent);
      this.#endOfBandRun = 0;
    }
    for (const bit of this.#corrections) this.#writer.write(bit, 1);
    this.#corrections = [];
  }

  #symbol({ codes }: HuffmanCode, symbol: number): void {
    const code = codes.get(symbol);
    if (!code) throw new Error(`There is no code for ${symbol}.`);
    this.#writer.write(...code);
  }

  #difference(component: number, value: number): void {
    const [size, bits] = sized(value - at(this.#predictions, component));
    this.#symbol(this.#context.dc, size);
    this.#writer.write(bits, size);
    this.#predictions[component] = value;
  }

  #value(run: number, value: number): void {
    const [size, bits] = sized(value);
    this.#symbol(this.#context.ac, (run << 4) | size);
    this.#writer.write(bits, size);
  }

  #sequential(block: Int32Array): void {
    let run = 0;
    for (let index = 1; index < 64; index++) {
      const value = at(block, index);
      if (value === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) this.#symbol(this.#context.ac, 0xf0);
      this.#value(run, value);
      run = 0;
    }
    if (run > 0) this.#symbol(this.#context.ac, 0);
  }

  #first(block: Int32Array): void {
    const { start, end, low } = this.#script;
    let run = 0;
    for (let index = start; index <= end; index++) {
      const value = Math.trunc(at(block, index) / 2 ** low);
      if (value === 0) {
        run++;
        continue;
      }
      this.flush();
      for (; run > 15; run -= 16) this.#symbol(this.#context.ac, 0xf0);
      this.#value(run, value);
      run = 0;
    }
    if (run > 0 && ++this.#endOfBandRun === 0x7fff) this.flush();
  }

  #refinement(block: Int32Array): void {
    const { start, end, low } = this.#script;
    const size = (index: number) => Math.abs(at(block, index)) >> low;
    let lastNew = -1;
    for (let index = start; index <= end; index++) if (size(index) === 1) lastNew = index;
    let run = 0;
    let corrections: number[] = [];
    for (let index = start; index <= end; index++) {
      if (size(index) === 0) {
        run++;
        continue;
      }
      for (; run > 15 && index <= lastNew; run -= 16) {
        this.flush();
        this.#symbol(this.#context.ac, 0xf0);
        for (const bit of corrections) this.#writer.write(bit, 1);
        corrections = [];
      }
      if (size(index) > 1) {
        corrections.push(size(index) & 1);
        continue;
      }
      this.flush();
      this.#symbol(this.#context.ac, (run << 4) | 1);
      this.#writer.write(at(block, index) < 0 ? 0 : 1, 1);
      for (const bit of corrections) this.#writer.write(bit, 1);
      corrections = [];
      run = 0;
    }
    if (run > 0 || corrections.length > 0) {
      this.#endOfBandRun++;
      this.#corrections.push(...corrections);
      if (this.#endOfBandRun === 0x7fff || this.#corrections.length > 900) this.flush();
    }
  }
}

function at<Value>(values: ArrayLike<Value>, index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`There is no item ${index}.`);
  return value;
}
