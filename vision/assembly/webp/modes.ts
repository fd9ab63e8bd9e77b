/** Prediction modes of a macroblock (RFC 6386, section 11). */
import { allocateZeroed } from "../arena";
import { BoolReader, readBit } from "./bool-reader";
import { MODE_PROBABILITIES } from "./tables";

/** Modes of 4×4 blocks; the first four are those of whole macroblocks too. */
export const DC: i32 = 0;
export const TRUE_MOTION: i32 = 1;
export const VERTICAL: i32 = 2;
export const HORIZONTAL: i32 = 3;
export const DOWN_RIGHT: i32 = 4;
export const VERTICAL_RIGHT: i32 = 5;
export const DOWN_LEFT: i32 = 6;
export const VERTICAL_LEFT: i32 = 7;
export const HORIZONTAL_DOWN: i32 = 8;
export const HORIZONTAL_UP: i32 = 9;

/** The tree of 4×4 modes: positive entries are nodes, others modes. */
const TREE = memory.data<i8>([0, 1, -1, 2, -2, 3, 4, 6, -3, 5, -4, -5, -6, 7, -7, 8, -8, -9]);

export let isSmall: bool = false;
export let lumaMode: i32 = 0;
export let chromaMode: i32 = 0;
/** Modes of the sixteen 4×4 blocks. */
export const SMALL_MODES = memory.data(16);
const LEFT = memory.data(4);
let above: usize = 0;

export function beginModes(mcusAcross: i32): void {
  above = allocateZeroed(<usize>mcusAcross << 2);
}

export function beginModeRow(): void {
  memory.fill(LEFT, 0, 4);
}

export function readModes(reader: BoolReader, x: i32): void {
  const top = above + (<usize>x << 2);
  isSmall = !readBit(reader, 145);
  if (isSmall) {
    for (let row: usize = 0; row < 4; row++) {
      let mode = <i32>load<u8>(LEFT + row);
      for (let column: usize = 0; column < 4; column++) {
        const probabilities = MODE_PROBABILITIES + <usize>((<i32>load<u8>(top + column) * 10 + mode) * 9);
        let node = <i32>load<i8>(TREE + <usize>readBit(reader, load<u8>(probabilities)));
        while (node > 0) {
          const bit = readBit(reader, load<u8>(probabilities + <usize>node));
          node = <i32>load<i8>(TREE + <usize>(2 * node) + <usize>bit);
        }
        mode = -node;
        store<u8>(top + column, <u8>mode);
        store<u8>(SMALL_MODES + (row << 2) + column, <u8>mode);
      }
      store<u8>(LEFT + row, <u8>mode);
    }
  } else {
    if (readBit(reader, 156)) lumaMode = readBit(reader, 128) ? TRUE_MOTION : HORIZONTAL;
    else lumaMode = readBit(reader, 163) ? VERTICAL : DC;
    memory.fill(top, <u8>lumaMode, 4);
    memory.fill(LEFT, <u8>lumaMode, 4);
  }
  if (!readBit(reader, 142)) chromaMode = DC;
  else if (!readBit(reader, 114)) chromaMode = VERTICAL;
  else chromaMode = readBit(reader, 183) ? TRUE_MOTION : HORIZONTAL;
}
