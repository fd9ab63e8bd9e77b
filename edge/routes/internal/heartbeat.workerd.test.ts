import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { HEARTBEAT_PATH, type Heartbeat } from "../../../core/heartbeat.ts";
import { MODELS } from "../../../core/models.ts";
import { NONCE_HEADER, SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from "../../../core/signature.ts";
import { createApp } from "../../app.ts";

const app = createApp();
const [model] = MODELS;
if (!model) throw new Error("The registry has no model.");

const report: Heartbeat = {
  worker: "gpu-1",
  boot: "boot-1",
  target: "gpu-1",
  model: model.id,
  revision: model.revision,
  state: "ready",
  slots: 1,
  running: 0,
  waiting: 0,
  capabilities: [],
  startMs: null,
};

/** A signed heartbeat's answer, at an edge whose one target is `gpu-1`. */
async function send(changes: Partial<Heartbeat>): Promise<Response> {
  const body = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ ...report, ...changes })));
  const timestamp = String(Date.now());
  const nonce = crypto.randomUUID();
  const signed = { method: "POST", path: HEARTBEAT_PATH, timestamp, nonce, body };
  const headers = {
    [TIMESTAMP_HEADER]: timestamp,
    [NONCE_HEADER]: nonce,
    [SIGNATURE_HEADER]: await sign(env.POOL_SECRET, signed),
  };
  const bindings = { ...env, POOL_TARGETS: JSON.stringify({ "gpu-1": "http://127.0.0.1:9" }) };
  return app.request(HEARTBEAT_PATH, { method: "POST", headers, body }, bindings);
}

it("takes a worker at a listed target that serves this edge's revision", async () => {
  expect((await send({})).status).toBe(204);
});

it.each<[string, Partial<Heartbeat>]>([
  ["revision", { revision: "another" }],
  ["model", { model: "gpt-4o" }],
  ["target", { target: "gpu-2" }],
  ["target", { target: "constructor" }],
  ["target", { target: "__proto__" }],
])("refuses by name a %s that it does not know", async (param, changes) => {
  const response = await send(changes);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "invalid_value", param } });
});
