import fc from "fast-check";
import { expect, it } from "vitest";
import { type CacheShape, KeyValueCache, type NewPositions } from "./key-value-cache.ts";

const SHAPE: CacheShape = { layers: 2, heads: 2, headSize: 3 };
const SLOTS = 3;

type Row = number[];

/** The numbers that position `mark` has in one tensor and head. */
const vector = (tensor: number, head: number, mark: number) =>
  Array.from({ length: SHAPE.headSize }, (_, at) => mark * 100 + tensor * 10 + head + at / 10);

function positions(rows: readonly Row[]): NewPositions {
  const tensors = Array.from({ length: 2 * SHAPE.layers }, (_, tensor) =>
    Float32Array.from(
      rows.flatMap((row) =>
        Array.from({ length: SHAPE.heads }, (_head, head) =>
          row.flatMap((mark) => vector(tensor, head, mark)),
        ).flat(),
      ),
    ),
  );
  return { tensors, count: rows[0]?.length ?? 0 };
}

/** The rows that a cache shows, after a check that all its tensors agree and that the rest is zeros. */
function contents(cache: KeyValueCache, expected: readonly Row[]): void {
  const { tensors, length, used } = cache.view();
  expect(used).toEqual(expected.map((row) => row.length));
  const all = tensors.map((tensor) => [...tensor]);
  expect(all).toEqual(
    Array.from({ length: 2 * SHAPE.layers }, (_, tensor) =>
      expected.flatMap((row) =>
        Array.from({ length: SHAPE.heads }, (_head, head) => {
          const taken = row.flatMap((mark) => vector(tensor, head, mark)).map(Math.fround);
          return [...taken, ...new Array<number>(length * SHAPE.headSize - taken.length).fill(0)];
        }).flat(),
      ),
    ),
  );
}

it("rows come, grow and go without touching each other", () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), count: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant("remove" as const), count: fc.nat({ max: SLOTS - 1 }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const cache = new KeyValueCache(SHAPE, SLOTS);
      const rows: Row[] = [];
      let mark = 0;
      const marks = (count: number) => Array.from({ length: count }, () => ++mark);
      for (const { kind, count } of actions) {
        if (kind === "add" && rows.length < SLOTS) {
          const row = marks(count);
          cache.add(positions([row]));
          rows.push(row);
        } else if (kind === "append" && rows.length > 0) {
          const added = rows.map(() => marks(count));
          cache.append(positions(added));
          added.forEach((more, row) => void rows[row]?.push(...more));
        } else if (kind === "remove" && count < rows.length) {
          cache.remove(count);
          const last = rows.pop();
          if (last && count < rows.length) rows[count] = last;
        }
      }
      contents(cache, rows);
    }),
    { numRuns: 60 },
  );
});

it("what a row held is gone for the next one", () => {
  const cache = new KeyValueCache(SHAPE, SLOTS);
  cache.add(positions([[1, 2, 3]]));
  cache.add(positions([[Number.NaN, Number.NaN]]));
  cache.remove(1);
  cache.add(positions([[7]]));
  contents(cache, [[1, 2, 3], [7]]);
});

it("a row too many, or one that is not there, is a bug", () => {
  const cache = new KeyValueCache(SHAPE, 1);
  expect(() => cache.remove(0)).toThrow();
  cache.add(positions([[1]]));
  expect(() => cache.add(positions([[1]]))).toThrow();
});
