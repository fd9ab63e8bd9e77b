import { afterAll, beforeAll, expect, test } from "vitest";
import { imageTokens } from "../core/image-tokens.ts";
import { allEvents, frame, picture, post, TINY, textOf } from "./testing/frames.ts";
import { type TestWorker, testWorker } from "./testing/worker.ts";

let running: TestWorker;
beforeAll(async () => {
  running = await testWorker();
});
afterAll(() => running.worker.stop(0));

const ask = (
  ...[question, pictures, sampling]: Parameters<typeof frame> extends [unknown, ...infer Rest] ? Rest : never
) => post(running.url, frame(running.audience, question, pictures, sampling)).then(allEvents);

test("a picture and a question become events in order, with exact usage", async () => {
  const answer = await ask("What color is the background?", [picture(300, 200, 0)]);
  expect(answer[0]).toEqual({ type: "accepted" });
  expect(answer.at(-1)).toMatchObject({ type: "done", finishReason: "stop" });
  const ids = answer.flatMap((event) => (event.type === "token" ? event.ids : []));
  const usage = answer.at(-2);
  expect(usage).toMatchObject({
    type: "usage",
    usage: { imageTokens: imageTokens(300, 200, TINY.geometry).total, outputTokens: ids.length },
  });
  expect(textOf(answer)).toBe("Black.");
});
