/** The finished views, copied out of the Wasm module upright. */
import type { Engine } from "./engine.ts";

/** How upright coordinates run through stored ones: EXIF orientation 1 to 8. */
interface Turn {
  readonly turned: boolean;
  readonly mirroredX: boolean;
  readonly mirroredY: boolean;
}

function turnOf(orientation: number): Turn {
  return {
    turned: orientation >= 5,
    mirroredX: [2, 3, 7, 8].includes(orientation),
    mirroredY: [3, 4, 6, 7].includes(orientation),
  };
}

export function copyBase(engine: Engine, tile: number, orientation: number): Uint8Array {
  return copyUpright(engine, engine.basePixels(), engine.baseStride(), [tile, tile], turnOf(orientation));
}

export function copyGrid(engine: Engine, size: readonly [number, number], orientation: number): Uint8Array {
  return copyUpright(engine, engine.gridPixels(), engine.gridStride(), size, turnOf(orientation));
}

/** `size` is [width, height] upright; the module's rows are stored, of `stride` bytes. */
function copyUpright(
  engine: Engine,
  at: number,
  stride: number,
  [width, height]: readonly [number, number],
  { turned, mirroredX, mirroredY }: Turn,
): Uint8Array {
  const memory = new Uint8Array(engine.memory.buffer);
  const out = new Uint8Array(width * height * 3);
  const columns = turned ? height : width;
  const rows = turned ? width : height;
  if (!turned && !mirroredX) {
    for (let y = 0; y < height; y++) {
      const from = at + (mirroredY ? rows - 1 - y : y) * stride;
      out.set(memory.subarray(from, from + width * 3), y * width * 3);
    }
    return out;
  }
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const column = turned ? y : x;
      const row = turned ? x : y;
      const from =
        at + (mirroredY ? rows - 1 - row : row) * stride + (mirroredX ? columns - 1 - column : column) * 3;
      out[to] = memory[from] ?? 0;
      out[to + 1] = memory[from + 1] ?? 0;
      out[to + 2] = memory[from + 2] ?? 0;
    }
  }
  return out;
}
