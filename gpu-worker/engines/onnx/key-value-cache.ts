export interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
}

/** The cache as a graph takes it: key and value of each layer in turn, each [rows, heads, length, headSize]. */
export interface CacheView {
  readonly tensors: readonly Float32Array[];
  readonly length: number;
  /** Positions of each row that are taken, from the first; the others are zeros and must be masked. */
  readonly used: readonly number[];
}

/** Keys and values of new positions, as a graph gives them: in the same order, each [rows, heads, count, headSize]. */
export interface NewPositions {
  readonly tensors: readonly Float32Array[];
  readonly count: number;
}

/** The cache grows by this many positions at a time, so that it is seldom laid out anew and little of it is empty. */
const BLOCK = 128;

/**
 * Keys and values of the sequences that decode together, one row each. Rows are written in place: a step copies what
 * is new and nothing else. Memory once taken is kept, since fresh pages cost more than what is written to them; it is
 * at most that of all rows at the model's longest prompt.
 */
export class KeyValueCache {
  readonly #shape: CacheShape;
  readonly #slots: number;
  #tensors: Float32Array[];
  #length = 0;
  #used: number[] = [];

  /** `slots` is the most rows there can be. */
  constructor(shape: CacheShape, slots: number) {
    this.#shape = shape;
    this.#slots = slots;
    this.#tensors = Array.from({ length: 2 * shape.layers }, () => new Float32Array());
  }

  get rows(): number {
    return this.#used.length;
  }

  /** What the graph takes. It shows the cache itself and holds until the next change. */
  view(): CacheView {
    const size = this.rows * this.#shape.heads * this.#length * this.#shape.headSize;
    return {
      tensors: this.#tensors.map((tensor) => tensor.subarray(0, size)),
      length: this.#length,
      used: [...this.#used],
    };
  }

  /** Adds a row behind the others: a sequence's prefill. */
  add(prefill: NewPositions): void {
    const row = this.rows;
    if (row === this.#slots) throw new Error("The cache has no free row.");
    this.#fit(Math.max(prefill.count, ...this.#used));
    this.#used.push(0);
    this.#write(row, prefill, 0);
    this.#clearBehind(row);
  }

  /** Adds the same number of positions to every row. */
  append(positions: NewPositions): void {
    this.#fit(Math.max(...this.#used) + positions.count);
    for (let row = 0; row < this.rows; row += 1) this.#write(row, positions, row);
  }

  /** Takes a row away; the last row takes its place. */
  remove(row: number): void {
    const last = this.#used.pop();
    if (last === undefined || row > this.rows) throw new Error("The cache has no such row.");
    if (row < this.rows) {
      const rowSize = this.#shape.heads * this.#length * this.#shape.headSize;
      for (const tensor of this.#tensors) {
        tensor.copyWithin(row * rowSize, this.rows * rowSize, (this.rows + 1) * rowSize);
      }
      this.#used[row] = last;
    }
    this.#fit(Math.max(0, ...this.#used));
  }

  clear(): void {
    this.#used = [];
    this.#fit(0);
  }

  #write(row: number, { tensors, count }: NewPositions, sourceRow: number): void {
    const { heads, headSize } = this.#shape;
    const used = this.#used[row] ?? 0;
    this.#tensors.forEach((target, index) => {
      const source = tensors[index];
      if (!source) throw new Error("A graph has given too few keys and values.");
      for (let head = 0; head < heads; head += 1) {
        const from = (sourceRow * heads + head) * count * headSize;
        const to = ((row * heads + head) * this.#length + used) * headSize;
        target.set(source.subarray(from, from + count * headSize), to);
      }
    });
    this.#used[row] = used + count;
  }

  /** Lays the cache out for rows of up to `positions`, and no longer than they need. */
  #fit(positions: number): void {
    const length = Math.ceil(positions / BLOCK) * BLOCK;
    if (length === this.#length) return;
    const { heads, headSize } = this.#shape;
    const [from, to] = [this.#length * headSize, length * headSize];
    const size = this.#slots * heads * to;
    const order = Array.from({ length: this.rows * heads }, (_, head) => head);
    // Longer heads move away from the first, shorter ones towards it: no head may be written over before it has moved.
    if (to > from) order.reverse();
    this.#tensors = this.#tensors.map((source) => {
      const target = source.length < size ? new Float32Array(size) : source;
      for (const head of order) {
        const taken = (this.#used[Math.floor(head / heads)] ?? 0) * headSize;
        target.set(source.subarray(head * from, head * from + taken), head * to);
      }
      return target;
    });
    this.#length = length;
    for (let row = 0; row < this.rows; row += 1) this.#clearBehind(row);
  }

  /** Zeros behind a row's positions: what lay there, were it not a number, would spoil even a masked sum. */
  #clearBehind(row: number): void {
    const { heads, headSize } = this.#shape;
    const taken = (this.#used[row] ?? 0) * headSize;
    const size = this.#length * headSize;
    for (const tensor of this.#tensors) {
      for (let head = row * heads; head < (row + 1) * heads; head += 1) {
        tensor.fill(0, head * size + taken, (head + 1) * size);
      }
    }
  }
}
