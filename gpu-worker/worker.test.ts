/** The worker with its embedded engine and the real weights. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageTokens } from "../core/image-tokens.ts";
import { allEvents, events, frame, type Picture, picture, post, TINY, textOf } from "./testing/frames.ts";
import { type TestWorker, testWorker } from "./testing/worker.ts";

let running: TestWorker;
beforeAll(async () => {
  running = await testWorker();
});
afterAll(() => running.worker.stop(0));

type Sampling = Parameters<typeof frame>[3];

async function ask(question: string, pictures: readonly Picture[] = [], sampling: Sampling = {}) {
  return allEvents(await post(running.url, frame(running.audience, question, pictures, sampling)));
}

const BACKGROUND = "What color is the background?";

describe("the embedded engine", () => {
  it("answers a question about a picture, with exact usage", async () => {
    const answer = await ask(BACKGROUND, [picture(300, 200, 0)]);
    expect(textOf(answer)).toMatch(/black/i);
    const ids = answer.flatMap((event) => (event.type === "token" ? event.ids : []));
    expect(answer.at(-2)).toMatchObject({
      usage: { imageTokens: imageTokens(300, 200, TINY.geometry).total, outputTokens: ids.length },
    });
    expect(answer.at(-1)).toMatchObject({ type: "done", finishReason: "stop" });
  });

  it("takes the base view alone, several pictures, extreme ratios and none at all", async () => {
    const sizes = [
      [picture(300, 200, 0, "low")],
      [picture(300, 200, 0), picture(90, 400, 255, "low")],
      [picture(2000, 10, 0)],
      [picture(10, 2000, 0)],
      [],
    ];
    for (const pictures of sizes) {
      const answer = await ask(BACKGROUND, pictures);
      const tokens = pictures.reduce(
        (sum, { image }) =>
          sum + imageTokens(image.width, image.height, TINY.geometry, image.grid ? "high" : "low").total,
        0,
      );
      expect(answer.at(-2)).toMatchObject({ usage: { imageTokens: tokens } });
      expect(answer.at(-1)).toMatchObject({ type: "done" });
    }
  });

  it("gives the same greedy text alone and among others", async () => {
    const questions = [BACKGROUND, "Describe the picture.", "How many shapes are there?", "你好"];
    const one = (question: string) => ask(question, [picture(300, 200, 60)]).then(textOf);
    const alone: string[] = [];
    for (const question of questions) alone.push(await one(question));
    expect(await Promise.all(questions.map(one))).toEqual(alone);
  });

  it("gives the same text for the same seed, and another for another", async () => {
    const one = (seed: number) =>
      ask("Describe the picture.", [], { temperature: 2, seed, maxTokens: 12 }).then(textOf);
    const [first, again, other] = [await one(1), await one(1), await one(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("lets two requests progress together", async () => {
    const order: number[] = [];
    const read = async (reader: number) => {
      const sent = frame(running.audience, "hi", [], { temperature: 2, seed: 5, maxTokens: 30 });
      for await (const event of events(await post(running.url, sent))) {
        if (event.type === "token") order.push(reader);
      }
    };
    await Promise.all([read(1), read(2)]);
    const first = order[0];
    const lastOfFirst = order.lastIndexOf(first ?? 0);
    const firstOfOther = order.findIndex((reader) => reader !== first);
    expect(firstOfOther).toBeGreaterThan(0);
    expect(firstOfOther).toBeLessThan(lastOfFirst);
  });

  it("stops within a step when the caller leaves", async () => {
    const { engine } = running.worker.context.loaded ?? {};
    if (!engine) throw new Error("The engine is not loaded.");
    const leave = new AbortController();
    const sent = frame(running.audience, "hi", [], { temperature: 2, seed: 5, maxTokens: 4000 });
    const response = await post(running.url, sent, leave.signal);
    await events(response).next();
    leave.abort();
    const end = Date.now() + 1000;
    while (engine.load().running > 0 && Date.now() < end) await sleep(5);
    expect(engine.load()).toEqual({ running: 0, waiting: 0 });
    await sleep(50);
    const steps = engine.steps();
    await sleep(150);
    expect(engine.steps()).toBe(steps);
  });
});
