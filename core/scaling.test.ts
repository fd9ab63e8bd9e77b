import fc from "fast-check";
import { expect, it } from "vitest";
import { desiredWorkers } from "./scaling.ts";

const requests = fc.nat(10_000);
const slots = fc.integer({ min: 1, max: 256 });

it("gives every request a slot, with not one worker too many", () => {
  fc.assert(
    fc.property(requests, requests, slots, (running, waiting, slots) => {
      const workers = desiredWorkers({ running, waiting, slots });
      expect(workers * slots).toBeGreaterThanOrEqual(running + waiting);
      expect((workers - 1) * slots).toBeLessThan(Math.max(1, running + waiting));
    }),
  );
});

it("asks for none when nobody asks anything", () => {
  expect(desiredWorkers({ running: 0, waiting: 0, slots: 8 })).toBe(0);
});
