/** A GIF's first frame on its screen, as Pillow shows it. */
import { byteAt } from "../bytes.ts";
import type { Engine } from "../engine.ts";
import { corrupt, truncated } from "../refusal.ts";
import { type Decoding, done } from "./decoding.ts";
import type { GifHeader } from "./gif-header.ts";
import { decodeLzw } from "./lzw.ts";
import { PIXELS_PER_YIELD, rowsPerYield } from "./pace.ts";

export function* decodeGif(engine: Engine, bytes: Uint8Array, header: GifHeader, onWhite: boolean): Decoding {
  const { frame, width, height } = header;
  const indices = new Uint8Array(frame.width * frame.height);
  const decoded = yield* decodeLzw(bytes, header.data, indices, PIXELS_PER_YIELD);
  if (decoded === undefined) return corrupt("its image data is no LZW");
  if (decoded < indices.length) return truncated("its image data ends early");
  yield;

  const colours = colourTable(header, onWhite);
  const rowOf = header.interlaced ? interlacedRows(frame.height) : undefined;
  // Around a smaller frame lies the transparent colour, or the first one.
  const around = header.transparentIndex ?? 0;
  const row = new Uint8Array(width).fill(around);
  for (let y = 0; y < height; y++) {
    const inFrame = y - frame.top;
    if (inFrame >= 0 && inFrame < frame.height) {
      const from = (rowOf?.[inFrame] ?? inFrame) * frame.width;
      row.set(indices.subarray(from, from + frame.width), frame.left);
    } else {
      row.fill(around);
    }
    pushIndices(engine, row, colours);
    if (y % rowsPerYield(width) === 0) yield;
  }
  return done;
}

function pushIndices(engine: Engine, row: Uint8Array, colours: Uint8Array): void {
  const packed = new Uint8Array(engine.memory.buffer, engine.packedRow(), row.length * 3);
  for (let x = 0; x < row.length; x++) {
    const colour = byteAt(row, x) * 3;
    packed[x * 3] = byteAt(colours, colour);
    packed[x * 3 + 1] = byteAt(colours, colour + 1);
    packed[x * 3 + 2] = byteAt(colours, colour + 2);
  }
  engine.pushRgb();
}

/** RGB of each index; on white, the transparent one is white. */
function colourTable({ palette, transparentIndex }: GifHeader, onWhite: boolean): Uint8Array {
  const colours = new Uint8Array(256 * 3);
  if (palette) colours.set(palette);
  else for (let index = 0; index < colours.length; index++) colours[index] = Math.floor(index / 3);
  if (onWhite && transparentIndex !== undefined) {
    colours.fill(255, transparentIndex * 3, transparentIndex * 3 + 3);
  }
  return colours;
}

/** For each row of the frame, which row of the data holds it. */
function interlacedRows(height: number): number[] {
  const rows: number[] = [];
  let stored = 0;
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = first; y < height; y += step) rows[y] = stored++;
  }
  return rows;
}
