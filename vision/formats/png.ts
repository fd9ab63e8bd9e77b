/** A PNG's rows, through the Wasm module. */
import type { Result } from "../../core/result.ts";
import type { ImageRefusal } from "../../core/vision.ts";
import { byteAt } from "../bytes.ts";
import { copyIn, type Engine } from "../engine.ts";
import { corrupt, truncated } from "../refusal.ts";
import { type Decoding, done } from "./decoding.ts";
import { keyColour, type PngHeader } from "./png-header.ts";

const FINISHED = 1;
const TRUNCATED = -1;
const CORRUPT = -2;

/** Decodes a step at a time; the caller has begun the image. */
export function* decodePng(engine: Engine, header: PngHeader, onWhite: boolean): Decoding {
  const { width, height, depth, colourType } = header;
  const { at, size } = copyIn(engine, header.data);
  const key = keyColour(header);
  const table = engine.beginExpand(colourType, depth, Number(onWhite), depth === 1 ? bilevelKey(key) : key);
  writePalette(new Uint8Array(engine.memory.buffer, table, 1024), header);
  if (!engine.beginPng(width, height, depth, colourType, Number(header.interlaced), at, size)) {
    return corrupt("its image data is no zlib stream");
  }
  for (;;) {
    const step = engine.stepPng();
    if (step === FINISHED) return done;
    const problem = explain(step);
    if (problem) return problem;
    yield;
  }
}

function explain(step: number): Result<undefined, ImageRefusal> | undefined {
  if (step === TRUNCATED) return truncated("its image data ends early");
  if (step === CORRUPT) return corrupt("its image data can't be decompressed");
  return undefined;
}

/** Pillow takes any key but 0 as white in an image of one bit. */
function bilevelKey(key: number): number {
  return key > 0 ? 255 : key;
}

/** 256 entries of RGBA; those that the file leaves out are black, as in Pillow. */
function writePalette(table: Uint8Array, { palette, transparency }: PngHeader): void {
  for (let index = 0; index < 256; index++) {
    for (let colour = 0; colour < 3; colour++) {
      table[index * 4 + colour] = palette ? byteAt(palette, index * 3 + colour) : 0;
    }
    table[index * 4 + 3] = transparency && index < transparency.length ? byteAt(transparency, index) : 255;
  }
}
