import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseWorker } from "./choose.ts";

const candidate = fc.record({
  worker: fc.uuid(),
  slots: fc.integer({ min: 1, max: 16 }),
  load: fc.integer({ min: 0, max: 20 }),
});

describe("chooseWorker", () => {
  it("takes a worker exactly when one has a free slot", () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 8 }), fc.option(fc.string()), (candidates, affinity) => {
        const chosen = chooseWorker(candidates, affinity);
        const free = candidates.filter(({ load, slots }) => load < slots);
        expect(chosen === undefined).toBe(free.length === 0);
        if (chosen) expect(free).toContain(chosen);
      }),
    );
  });

  it("keeps an image on one idle worker, and spreads images over all", () => {
    const idle = ["a", "b", "c"].map((worker) => ({ worker, slots: 4, load: 0 }));
    const chosen = (image: number) => chooseWorker(idle, `image-${image}`)?.worker;
    const spread = Array.from({ length: 300 }, (_, image) => chosen(image));
    expect(spread).toEqual(Array.from({ length: 300 }, (_, image) => chosen(image)));
    for (const worker of ["a", "b", "c"]) {
      expect(spread.filter((each) => each === worker).length).toBeGreaterThan(60);
    }
  });

  it("passes an overloaded favourite over", () => {
    const workers = ["a", "b", "c"].map((worker) => ({ worker, slots: 8, load: 0 }));
    const favourite = chooseWorker(workers, "image")?.worker;
    const busy = workers.map((each) => (each.worker === favourite ? { ...each, load: 7 } : each));
    expect(chooseWorker(busy, "image")?.worker).not.toBe(favourite);
  });
});
