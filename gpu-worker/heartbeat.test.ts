import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, expect, it } from "vitest";
import { HEARTBEAT_PATH, type Heartbeat, heartbeat } from "../core/heartbeat.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verify } from "../core/signature.ts";
import { readBody } from "./body.ts";
import { Heartbeats } from "./heartbeat.ts";
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

/** An edge that answers with the statuses in turn. */
async function edge(statuses: number[]) {
  const received: { beat: Heartbeat; valid: boolean; path: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request, 10_000);
    if (!body.ok) throw new Error(body.error.message);
    const header = (name: string) => String(request.headers[name]);
    const signed = {
      method: "POST",
      path: HEARTBEAT_PATH,
      timestamp: header(TIMESTAMP_HEADER),
      nonce: header(NONCE_HEADER),
      body: body.value,
    };
    received.push({
      beat: heartbeat.parse(JSON.parse(new TextDecoder().decode(body.value))),
      valid: await verify(SECRET, signed, header(SIGNATURE_HEADER)),
      path: request.url,
    });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(server);
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("No port.");
  return { received, url: `http://127.0.0.1:${address.port}` };
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
  const { received, url } = await edge([]);
  const made = heartbeats([]);
  made.target(url);
  await made.send();
  expect(received).toHaveLength(2);
  expect(received[0]).toEqual({ beat: BEAT, valid: true, path: HEARTBEAT_PATH });
});

it("failures are logged once per streak, and do not end the heartbeats", async () => {
  const { received, url } = await edge([500, 503, 200, 200, 500]);
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
