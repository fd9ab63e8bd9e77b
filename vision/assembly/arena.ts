/**
 * Memory for one image: taken in order, given back all at once. It grows by what is asked for and never doubles, so
 * that the heap stays within the bounds that docs/images.md states.
 */
const ALIGNMENT: usize = 16;
const PAGE_BITS = 16;
/** Kernels read and write whole vectors: this many bytes past the end of any block are safe to touch. */
const SLACK: usize = 64;

let top: usize = 0;
let full: bool = false;

/** Forgets the image before; memory that was grown stays. */
export function reset(): void {
  full = false;
  top = (__heap_base + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/** `size` bytes with undefined content. Traps when the module's maximum memory is reached. */
export function allocate(size: usize): usize {
  const at = top;
  top = (at + size + SLACK + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const pages = <i32>((top + 0xffff) >> PAGE_BITS) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) {
    full = true;
    unreachable();
  }
  return at;
}

/** Whether the trap just seen was for want of memory. */
export function isFull(): bool {
  return full;
}

/** Bytes taken so far. */
export function used(): usize {
  return top;
}

/** `size` zero bytes. */
export function allocateZeroed(size: usize): usize {
  const at = allocate(size);
  memory.fill(at, 0, size + SLACK);
  return at;
}
