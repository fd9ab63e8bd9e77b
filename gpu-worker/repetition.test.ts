import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repeatsEndlessly } from "./repetition.ts";

const id = fc.nat({ max: 2000 });

describe("repeatsEndlessly", () => {
  it("finds any period of up to 64 tokens that fills the end, whatever came before it", () => {
    const period = fc.array(id, { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 100 }), period, fc.nat({ max: 63 }), (before, cycle, more) => {
        const length = Math.max(4 * cycle.length, 32) + more;
        const tail = Array.from({ length }, (_, index) => cycle[index % cycle.length] ?? 0);
        expect(repeatsEndlessly([...before, ...tail])).toBe(true);
      }),
    );
  });

  it("leaves alone what repeats for a while and goes on", () => {
    fc.assert(
      fc.property(
        id,
        fc.integer({ min: 32, max: 200 }),
        fc.uniqueArray(id, { minLength: 33 }),
        (one, times, rest) => {
          expect(repeatsEndlessly([...Array.from({ length: times }, () => one), ...rest])).toBe(false);
        },
      ),
    );
  });

  it("leaves alone what never repeats, and what is short", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { maxLength: 300 }), (ids) => {
        expect(repeatsEndlessly(ids)).toBe(false);
      }),
    );
    expect(repeatsEndlessly(Array.from({ length: 31 }, () => 7))).toBe(false);
  });
});
