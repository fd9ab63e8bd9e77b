/**
 * A view: the image resized while its rows arrive, turned upright on the way. Only as many rows are held as one
 * output row needs. The output stays in stored orientation, packed RGB with a padded stride; the caller turns that
 * small image when it copies it out.
 */
import { allocate, allocateZeroed } from "./arena";
import { horizontalPass, verticalPass } from "./passes";
import { makeTaps, spanLength, spanStart, Taps } from "./taps";

@unmanaged
export class View {
  /** Width in the stored image. */
  width: i32;
  /**
   * EXIF 5–8 turn x into y: Pillow's first pass, along x of the upright image, is then the one along y of the stored
   * rows, so the passes change places and the held rows are the image's own.
   */
  turned: bool;
  across: Taps;
  down: Taps;
  /** Held rows, a ring of `capacity` rows of `stride` bytes. */
  ring: usize;
  capacity: i32;
  stride: usize;
  /** Bytes between the planes of a held row, when `turned`. */
  plane: usize;
  /** Addresses of one span's rows, for the vertical pass. */
  span: usize;
  between: usize;
  received: i32;
  produced: i32;
  pixels: usize;
  pixelStride: usize;
}

@inline
function padded(bytes: i32): usize {
  return (<usize>bytes + 16 + 15) & ~15;
}

/**
 * A view of a stored image of `width` × `height`, which is `outWidth` × `outHeight` when upright; `orientation` is
 * EXIF's, 1 to 8.
 */
export function makeView(width: i32, height: i32, outWidth: i32, outHeight: i32, orientation: i32): View {
  const turned = orientation >= 5;
  const mirroredX = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const mirroredY = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const columns = turned ? outHeight : outWidth;
  const rows = turned ? outWidth : outHeight;

  const view = changetype<View>(allocateZeroed(offsetof<View>()));
  view.width = width;
  view.turned = turned;
  view.across = makeTaps(width, columns, mirroredX, false);
  view.down = makeTaps(height, rows, mirroredY, true);
  view.plane = padded(width);
  view.stride = turned ? view.plane * 3 : padded(columns * 3);
  view.capacity = view.down.most;
  view.ring = allocateZeroed(<usize>view.capacity * view.stride);
  view.span = allocate(<usize>(view.down.most + 2) << 2);
  view.between = allocateZeroed(view.stride);
  view.pixelStride = padded(columns * 3);
  view.pixels = allocate(view.pixelStride * <usize>rows);
  return view;
}

@inline
function heldRow(view: View, y: i32): usize {
  return view.ring + <usize>(y % view.capacity) * view.stride;
}

/** Takes the image's next row as three planes, each readable 16 bytes past its end. */
export function pushRow(view: View, red: usize, green: usize, blue: usize): void {
  const slot = heldRow(view, view.received++);
  if (view.turned) {
    const width = <usize>view.width;
    memory.copy(slot, red, width);
    memory.copy(slot + view.plane, green, width);
    memory.copy(slot + 2 * view.plane, blue, width);
  } else {
    horizontalPass(view.across, red, green, blue, slot);
  }
  const down = view.down;
  while (view.produced < down.outputs) {
    const start = spanStart(down, view.produced);
    const length = spanLength(down, view.produced);
    if (start + length > view.received) return;
    produce(view, start, length);
  }
}

function produce(view: View, start: i32, length: i32): void {
  let entry = view.span;
  for (let y = start; y < start + length; y++, entry += 4) store<u32>(entry, <u32>heldRow(view, y));
  if (length & 1) store<u32>(entry, load<u32>(entry - 4));

  const out = view.pixels + <usize>view.produced * view.pixelStride;
  if (view.turned) {
    const between = view.between;
    verticalPass(view.down, view.produced, view.span, between, view.stride);
    horizontalPass(view.across, between, between + view.plane, between + 2 * view.plane, out);
  } else {
    verticalPass(view.down, view.produced, view.span, out, view.stride);
  }
  view.produced++;
}
