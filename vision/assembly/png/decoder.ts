/** A PNG's image data to rows: inflate, unfilter, expand; interlaced images (Adam7) are gathered first. */
import { allocate, allocateZeroed } from "../arena";
import { plane, pushPlanes, pushScratch, splitRgb, splitRgba } from "../image";
import { channels, expandRow, isPlain } from "./expand";
import { beginInflate, CORRUPT, FINISHED, inflatedBytes, inflatedStart, inflateMore, MORE, TRUNCATED } from "./inflate";
import { unfilter } from "./unfilter";

/** Adam7's seven passes: first column, first row, column step, row step. */
const PASSES = memory.data<u8>([
  0, 0, 8, 8, 4, 0, 8, 8, 0, 4, 4, 8, 2, 0, 4, 4, 0, 2, 2, 4, 1, 0, 2, 2, 0, 1, 1, 2,
]);

let width: i32 = 0;
let height: i32 = 0;
let type: i32 = 0;
let bitsPerPixel: i32 = 0;
let interlaced: bool = false;

let row: usize = 0;
let above: usize = 0;
/** Bytes of the row that have arrived; the filter's byte comes before them. */
let filled: usize = 0;
let filter: i32 = -1;

let pass: i32 = 0;
let passWidth: i32 = 0;
let passHeight: i32 = 0;
let passRow: i32 = 0;
let complete: bool = false;

/** Whole planes of an interlaced image. */
let gathered: usize = 0;
let gatheredPlane: usize = 0;
let emitted: i32 = 0;

/** Begins the image data at `input`. False when it is no zlib stream. `beginExpand` comes first. */
export function beginPng(
  pngWidth: i32,
  pngHeight: i32,
  depth: i32,
  colourType: i32,
  adam7: bool,
  input: usize,
  size: usize,
): bool {
  width = pngWidth;
  height = pngHeight;
  type = colourType;
  bitsPerPixel = depth * channels(colourType);
  interlaced = adam7;
  const bytes = rowBytes(width);
  row = allocateZeroed(bytes);
  above = allocateZeroed(bytes);
  filled = 0;
  filter = -1;
  complete = false;
  emitted = 0;
  if (interlaced) {
    gatheredPlane = <usize>width * <usize>height;
    gathered = allocate(gatheredPlane * 3);
  }
  beginPass(0);
  return beginInflate(input, size);
}

@inline
function rowBytes(pixels: i32): usize {
  return (<usize>pixels * <usize>bitsPerPixel + 7) >> 3;
}

/** Skips passes without pixels. */
function beginPass(first: i32): void {
  passRow = 0;
  pass = first;
  if (!interlaced) {
    passWidth = width;
    passHeight = height;
    return;
  }
  for (; pass < 7; pass++) {
    const rule = PASSES + <usize>(pass << 2);
    const columnStep = <i32>load<u8>(rule, 2);
    const rowStep = <i32>load<u8>(rule, 3);
    passWidth = (width - <i32>load<u8>(rule) + columnStep - 1) / columnStep;
    passHeight = (height - <i32>load<u8>(rule, 1) + rowStep - 1) / rowStep;
    if (passWidth > 0 && passHeight > 0) break;
  }
  memory.fill(above, 0, rowBytes(width));
}

/** Works through about a chunk. MORE, FINISHED, TRUNCATED or CORRUPT. */
export function stepPng(): i32 {
  if (complete) return emitGathered();
  const result = inflateMore();
  if (result == CORRUPT || result == TRUNCATED) {
    // Rows that are whole before the damage may complete the image.
    if (takeBytes() && complete) return interlaced ? MORE : FINISHED;
    return result;
  }
  if (!takeBytes()) return CORRUPT;
  if (complete) return interlaced ? MORE : FINISHED;
  return result == FINISHED ? TRUNCATED : MORE;
}

function takeBytes(): bool {
  let from = inflatedStart();
  const end = from + inflatedBytes();
  while (from < end && !complete) {
    if (filter < 0) {
      filter = <i32>load<u8>(from++);
      filled = 0;
      continue;
    }
    const bytes = rowBytes(passWidth);
    const size = min(bytes - filled, end - from);
    memory.copy(row + filled, from, size);
    from += size;
    filled += size;
    if (filled == bytes && !finishRow(bytes)) return false;
  }
  return true;
}

function finishRow(bytes: usize): bool {
  if (!unfilter(filter, row, above, bytes, max(<usize>bitsPerPixel >> 3, 1))) return false;
  filter = -1;
  if (interlaced) {
    const rule = PASSES + <usize>(pass << 2);
    const y = <usize>load<u8>(rule, 1) + <usize>passRow * load<u8>(rule, 3);
    const planes = gathered;
    expandRow(
      row,
      passWidth,
      planes,
      planes + gatheredPlane,
      planes + 2 * gatheredPlane,
      y * <usize>width + load<u8>(rule),
      load<u8>(rule, 2),
    );
  } else {
    if (!isPlain()) expandRow(row, width, plane(0), plane(1), plane(2), 0, 1);
    else if (type == 6) splitRgba(row);
    else splitRgb(row);
    pushScratch();
  }
  const finished = row;
  row = above;
  above = finished;
  if (++passRow == passHeight) {
    if (interlaced) beginPass(pass + 1);
    complete = !interlaced || pass == 7;
  }
  return true;
}

/** Sends some rows of an interlaced image on. */
function emitGathered(): i32 {
  const rows = max((1 << 20) / width, 1);
  for (let sent = 0; sent < rows && emitted < height; sent++, emitted++) {
    const at = gathered + <usize>emitted * <usize>width;
    pushPlanes(at, at + gatheredPlane, at + 2 * gatheredPlane);
  }
  return emitted == height ? FINISHED : MORE;
}
