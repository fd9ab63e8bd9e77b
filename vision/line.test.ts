import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { Line } from "./line.ts";

/** Looks at once, so that patience is short. */
const hurried = () => setTimeout(0);

it("runs one task at a time, first come, first served", async () => {
  const line = new Line(hurried);
  const seen: string[] = [];
  const task = (name: string) =>
    line.whenFree(async (move) => {
      seen.push(`${name} begins`);
      for (let step = 0; step < 3; step++) {
        await setTimeout(1);
        move();
      }
      seen.push(`${name} ends`);
      if (name === "b") throw new Error("A task may fail.");
    }, undefined);
  await Promise.allSettled(["a", "b", "c"].map(task));
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

it("passes by those who vanished, in their task or in the line", async () => {
  let looks = 0;
  const line = new Line(() => (++looks === 1 ? new Promise(() => {}) : hurried()));
  const vanished = () => line.whenFree(() => new Promise(() => {}), undefined);
  void vanished();
  // Its first look is the one that never ends.
  void vanished();
  expect(await line.whenFree(async () => "my turn", undefined)).toBe("my turn");
});

it("lets one who waits leave", async () => {
  const line = new Line(hurried);
  const slow = line.whenFree(async (move) => {
    for (let step = 0; step < 20; step++) {
      await setTimeout(1);
      move();
    }
  }, undefined);
  const leaving = AbortSignal.timeout(5);
  const task = async () => "never";
  await expect(line.whenFree(task, leaving)).rejects.toThrow("timeout");
  expect(await line.whenFree(async () => "next", undefined)).toBe("next");
  await slow;
});
