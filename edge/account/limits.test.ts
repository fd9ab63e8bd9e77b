import fc from "fast-check";
import { expect, it } from "vitest";
import { admit } from "./limits.ts";

it("never lets more than the limit pass at one moment, nor twice the limit within a minute", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.array(fc.nat({ max: 2_000 }), { minLength: 1, maxLength: 300 }),
      (limit, gaps) => {
        let now = 1_800_000_000_000;
        let arrival = 0;
        const passed: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const admission = admit(arrival, limit, now);
          if (!admission.ok) continue;
          arrival = admission.arrival;
          passed.push(now);
          expect(passed.filter((time) => time === now).length).toBeLessThanOrEqual(limit);
          expect(passed.filter((time) => time > now - 60_000).length).toBeLessThan(2 * limit + 1);
        }
      },
    ),
  );
});

it("tells the first millisecond at which a refused request passes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 59_999 }), (limit, elapsed) => {
      const now = 1_800_000_000_000;
      let arrival = 0;
      for (let request = 0; request < limit; request++) {
        const admission = admit(arrival, limit, now);
        if (!admission.ok) throw new Error("The minute's requests pass at once.");
        arrival = admission.arrival;
      }
      const refused = admit(arrival, limit, now);
      if (refused.ok) throw new Error("The limit is spent.");
      expect(admit(arrival, limit, now + refused.retryAfterMs).ok).toBe(true);
      expect(admit(arrival, limit, now + refused.retryAfterMs - 1).ok).toBe(false);
      expect(admit(arrival, limit, now + elapsed).ok).toBe(elapsed >= refused.retryAfterMs);
    }),
  );
});
