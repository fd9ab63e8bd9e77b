/**
 * Where one macroblock is put together, with its neighbours' samples around it: rows of 32 bytes, luma at the top and the
 * two chroma planes side by side below.
 */
export const STRIDE: usize = 32;
const AREA = memory.data(32 * 27 + 32, 16);
export const LUMA: usize = AREA + STRIDE + 8;
export const CHROMA_U: usize = AREA + 18 * STRIDE + 8;
export const CHROMA_V: usize = AREA + 18 * STRIDE + 24;

@inline
export function clip(value: i32): u8 {
  return <u8>max(min(value, 255), 0);
}
