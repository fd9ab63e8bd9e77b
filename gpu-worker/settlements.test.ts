import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { SETTLE_PATH, SETTLE_WINDOW_MS, type SettleReport, settleReport } from "../core/settle.ts";
import { Settlements } from "./settlements.ts";
import { reportedEdge } from "./testing/edge.ts";
import { loadScripted, scriptedEngine } from "./testing/engine.ts";
import { events, frame, post, SECRET } from "./testing/frames.ts";
import { testWorker } from "./testing/worker.ts";

const REPORT: SettleReport = {
  claim: "sealed",
  usage: { imageTokens: 144, textTokens: 20, outputTokens: 3 },
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function edge(...statuses: number[]) {
  const made = await reportedEdge(SETTLE_PATH, settleReport, statuses);
  open.push(made);
  return made;
}

function settlements(log: string[] = []) {
  const made = new Settlements({
    secret: SECRET,
    log: (_level, event) => log.push(event),
    now: Date.now,
    firstWaitMs: 10,
  });
  open.push({ close: () => made.stop() });
  return made;
}

const inAMinute = () => ({ job: "job_1", deadline: Date.now() + 60_000 });

it("a report is sent, signed, until the edge has taken it, and then no more", async () => {
  const { received, url } = await edge(503, 500);
  const made = settlements();
  made.target(url);
  made.add(REPORT, inAMinute());
  await expect.poll(() => received).toEqual([REPORT, REPORT, REPORT]);
  await sleep(150);
  expect(received).toHaveLength(3);
});

it("a report that the edge refuses is not sent again", async () => {
  const { received, url } = await edge(400);
  const log: string[] = [];
  const made = settlements(log);
  made.target(url);
  made.add(REPORT, inAMinute());
  await expect.poll(() => received).toHaveLength(1);
  await sleep(100);
  expect(received).toHaveLength(1);
  expect(log).toEqual(["settle_failed"]);
});

it("an edge that is away gets no report once the hold is over", async () => {
  const log: string[] = [];
  const made = settlements(log);
  made.target("http://127.0.0.1:1");
  made.add(REPORT, { job: "job_1", deadline: Date.now() + 60 - SETTLE_WINDOW_MS });
  await expect.poll(() => log).toContain("settle_given_up");
  const { received, url } = await edge();
  made.target(url);
  await made.stop();
  expect(received).toEqual([]);
});

it("a worker that stops sends at once what it still has", async () => {
  const { received, url } = await edge();
  const running = await testWorker({ edgeUrl: url }, loadScripted(scriptedEngine("ab ")));
  const leave = async (claim: string | null) => {
    const leaving = new AbortController();
    const sent = frame(running.audience, "hi", [], { maxTokens: 100_000 }, { claim });
    const response = await post(running.url, sent, leaving.signal);
    let seen = 0;
    await expect(async () => {
      for await (const event of events(response)) {
        if (event.type === "token" && ++seen === 5) leaving.abort();
      }
    }).rejects.toThrow();
  };
  await leave("sealed");
  await leave(null);
  await running.worker.stop(1_000);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ claim: "sealed", usage: { imageTokens: 0 } });
  expect(received[0]?.usage.outputTokens).toBeGreaterThanOrEqual(5);
});
