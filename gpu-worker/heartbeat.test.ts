import { afterEach, expect, it } from "vitest";
import { HEARTBEAT_PATH, type Heartbeat, heartbeat } from "../core/heartbeat.ts";
import { Heartbeats } from "./heartbeat.ts";
import { reportedEdge } from "./testing/edge.ts";
import { SECRET } from "./testing/frames.ts";

const BEAT: Heartbeat = {
  worker: "test",
  boot: "boot",
  target: "target",
  model: "tessera-tiny",
  revision: "1",
  state: "ready",
  slots: 8,
  running: 1,
  waiting: 0,
  capabilities: ["logprobs"],
  startMs: 900,
};

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function edge(...statuses: number[]) {
  const made = await reportedEdge(HEARTBEAT_PATH, heartbeat, statuses);
  open.push(made);
  return made;
}

function heartbeats(events: string[]) {
  const made = new Heartbeats({
    secret: SECRET,
    beat: () => BEAT,
    log: (_level, event) => events.push(event),
    now: Date.now,
  });
  open.push({ close: () => made.stop() });
  return made;
}

it("heartbeats are signed and follow the schema", async () => {
  const { received, url } = await edge();
  const made = heartbeats([]);
  made.target(url);
  await made.send();
  expect(received).toHaveLength(2);
  expect(received[0]).toEqual(BEAT);
});

it("failures are logged once per streak, and do not end the heartbeats", async () => {
  const { received, url } = await edge(500, 503, 200, 200, 500);
  const events: string[] = [];
  const made = heartbeats(events);
  made.target(url);
  for (let count = 0; count < 4; count += 1) await made.send();
  expect(received).toHaveLength(5);
  expect(events).toEqual(["heartbeat_failed", "heartbeat_recovered", "heartbeat_failed"]);
});

it("an edge that is away is only logged", async () => {
  const events: string[] = [];
  const made = heartbeats(events);
  made.target("http://127.0.0.1:1");
  await made.send();
  expect(events).toEqual(["heartbeat_failed"]);
});
