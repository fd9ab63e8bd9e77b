import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit } from "./limits.ts";

const START = 1_800_000_000_000;
const ask = (arrival: number, limit: number, units: number, now: number) =>
  admit({ name: "requests", limit, arrival }, units, now);

describe("a rate limit", () => {
  it("never lets more than the limit pass at one moment, nor twice the limit within a minute", () => {
    const step = fc.record({ gap: fc.nat({ max: 2_000 }), units: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(step, { minLength: 1, maxLength: 300 }),
        (limit, steps) => {
          let now = START;
          let arrival = 0;
          const passed: { time: number; units: number }[] = [];
          const sum = (since: number) =>
            passed.filter(({ time }) => time >= since).reduce((total, { units }) => total + units, 0);
          for (const { gap, units } of steps) {
            now += gap;
            const counted = Math.min(units, limit);
            const admission = ask(arrival, limit, counted, now);
            expect(admission.standing.remaining).toBeGreaterThanOrEqual(0);
            expect(admission.standing.remaining).toBeLessThanOrEqual(limit);
            if (!admission.ok) continue;
            arrival = admission.arrival;
            passed.push({ time: now, units: counted });
            expect(sum(now)).toBeLessThanOrEqual(limit);
            expect(sum(now - 59_999)).toBeLessThan(2 * limit + 1);
          }
        },
      ),
    );
  });

  it("tells the first millisecond at which a refused request passes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 50 }), (limit, units) => {
        let arrival = 0;
        for (let request = 0; request < limit; request++) {
          const admission = ask(arrival, limit, 1, START);
          if (!admission.ok) throw new Error("The minute's requests pass at once.");
          expect(admission.standing.remaining).toBe(limit - request - 1);
          arrival = admission.arrival;
        }
        const refused = ask(arrival, limit, units, START);
        expect(refused).toMatchObject({ ok: false, arrival, standing: { remaining: 0 } });
        const { nextMs } = refused.standing;
        expect(ask(arrival, limit, units, START + nextMs).ok).toBe(true);
        expect(ask(arrival, limit, units, START + nextMs - 1).ok).toBe(false);
      }),
    );
  });

  it("lets more units than a minute has pass when the whole minute is there", () => {
    const admission = ask(0, 100, 5000, START);
    expect(admission).toMatchObject({ ok: true, standing: { remaining: 0, fullMs: 60_000 } });
    expect(ask(admission.arrival, 100, 1, START).ok).toBe(false);
    expect(ask(admission.arrival, 100, 1, START + 600).ok).toBe(true);
  });

  it("blocks a key for a minute at most, whatever the clock did", () => {
    const { arrival } = ask(0, 1, 1, START);
    for (const back of [1, 30_000, 60_000, 60_001, 365 * 86_400_000]) {
      const { ok, standing } = ask(arrival, 1, 1, START - back);
      expect(standing.nextMs).toBeLessThanOrEqual(60_000);
      if (!ok) expect(ask(arrival, 1, 1, START - back + standing.nextMs).ok).toBe(true);
    }
  });
});
