import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetryAfter, retryWait } from "./schedule.ts";

const DAY = 24 * 3_600_000;

describe("retryWait", () => {
  it("follows Standard Webhooks and ends after ten attempts", () => {
    const waits = Array.from({ length: 10 }, (_, index) => retryWait(index + 1, null, 0));
    expect(waits).toEqual([
      5_000,
      300_000,
      1_800_000,
      7_200_000,
      18_000_000,
      36_000_000,
      50_400_000,
      72_000_000,
      86_400_000,
      null,
    ]);
  });

  it("adds at most a tenth of jitter and never waits beyond a day", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const base = retryWait(attempt, null, 0) ?? 0;
          const wait = retryWait(attempt, null, random) ?? 0;
          expect(wait).toBeGreaterThanOrEqual(base);
          expect(wait).toBeLessThanOrEqual(Math.min(base * 1.1 + 1, DAY));
        },
      ),
    );
  });

  it("honours a longer retry-after, for a day at most", () => {
    expect(retryWait(1, 60_000, 0)).toBe(60_000);
    expect(retryWait(2, 60_000, 0)).toBe(300_000);
    expect(retryWait(1, 10 * DAY, 0)).toBe(DAY);
    expect(retryWait(10, 60_000, 0)).toBeNull();
  });
});

describe("parseRetryAfter", () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);

  it("reads seconds and HTTP dates", () => {
    expect(parseRetryAfter("120", now)).toBe(120_000);
    expect(parseRetryAfter("Sun, 22 Nov 2026 12:01:00 GMT", now)).toBe(60_000);
    expect(parseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now)).toBe(0);
  });

  it("passes over what is neither", () => {
    for (const header of [null, "", "soon", "-5"]) {
      expect(parseRetryAfter(header, now) ?? 0).toBe(0);
    }
  });
});
