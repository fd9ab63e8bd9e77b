/**
 * Keys and values of the decoder for a batch of sequences of different length: every tensor is
 * [rows, heads, length, headSize], and shorter rows are padded on the left, so that all grow at the right end together.
 */

export interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
}

export interface KeyValueCache {
  /** Key and value of each layer in turn. */
  readonly tensors: readonly Float32Array[];
  readonly rows: number;
  /** Positions of every row, padding included. */
  readonly length: number;
}

/** A row of a cache that a new batch takes over. */
export interface CacheRow {
  readonly cache: KeyValueCache;
  readonly row: number;
  /** Positions of the row without its padding. */
  readonly used: number;
}

export function emptyCache(shape: CacheShape): KeyValueCache {
  const tensors = Array.from({ length: 2 * shape.layers }, () => new Float32Array());
  return { tensors, rows: 1, length: 0 };
}

/** A batch of the given rows in their order, no longer than its longest row needs. */
export function gatherRows(
  rows: readonly CacheRow[],
  { layers, heads, headSize }: CacheShape,
): KeyValueCache {
  const length = Math.max(...rows.map(({ used }) => used));
  const tensors = Array.from({ length: 2 * layers }, (_, index) => {
    const target = new Float32Array(rows.length * heads * length * headSize);
    rows.forEach(({ cache, row, used }, targetRow) => {
      const source = cache.tensors[index];
      if (!source) throw new Error("A cache has too few tensors.");
      for (let head = 0; head < heads; head += 1) {
        const end = (row * heads + head + 1) * cache.length * headSize;
        const targetEnd = (targetRow * heads + head + 1) * length * headSize;
        target.set(source.subarray(end - used * headSize, end), targetEnd - used * headSize);
      }
    });
    return target;
  });
  return { tensors, rows: rows.length, length };
}
