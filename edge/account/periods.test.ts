import fc from "fast-check";
import { expect, it } from "vitest";
import { periodsOf, untilNext } from "./periods.ts";

it("numbers UTC days and months, and tells when the next one begins", () => {
  expect(periodsOf(Date.UTC(1970, 0, 1))).toEqual({ day: 0, month: 0 });
  expect(periodsOf(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toEqual({ day: 21_243, month: 697 });
  const times = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
  fc.assert(
    fc.property(times, fc.constantFrom("day" as const, "month" as const), (now, period) => {
      const next = now + untilNext(period, now);
      expect(periodsOf(next)[period]).toBe(periodsOf(now)[period] + 1);
      expect(periodsOf(next - 1)[period]).toBe(periodsOf(now)[period]);
    }),
  );
});
