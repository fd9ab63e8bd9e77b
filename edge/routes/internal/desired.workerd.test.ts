import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Heartbeat } from "../../../core/heartbeat.ts";
import { createApp } from "../../app.ts";

const app = createApp();
const TOKEN = "the-scaler's-token";

/** The desired count's answer; each test asks for a model of its own, since pools outlive tests. */
function ask(model: string, token: string | null, bindings: object = { SCALER_TOKEN: TOKEN }) {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return app.request(`/internal/pools/${model}/desired`, { headers }, { ...env, ...bindings });
}

function heartbeat(model: string, changes: Partial<Heartbeat>): Heartbeat {
  return {
    worker: "gpu-1",
    boot: "boot-1",
    target: "gpu-1",
    model,
    revision: "test",
    state: "ready",
    slots: 4,
    running: 0,
    waiting: 0,
    capabilities: [],
    startMs: null,
    ...changes,
  };
}

const ticket = (id: string) => ({ id, affinity: null, needs: [], waitMs: 0 });

describe("the desired count of workers", () => {
  it.each([
    [null, { SCALER_TOKEN: TOKEN }, 401],
    ["another", { SCALER_TOKEN: TOKEN }, 401],
    [env.ADMIN_KEY, { SCALER_TOKEN: TOKEN }, 401],
    [TOKEN, {}, 404],
    ["", { SCALER_TOKEN: "" }, 404],
  ])("is told to nobody without the scaler's own token (%s)", async (token, bindings, status) => {
    expect((await ask("llava-v1.6-34b", token, bindings)).status).toBe(status);
  });

  it("answers 404 for a model that is not in the registry", async () => {
    expect((await ask("gpt-4o", TOKEN)).status).toBe(404);
  });

  it("follows what is running, waiting and turned away", async () => {
    const model = "llava-v1.6-vicuna-13b";
    const pool = env.POOL.get(env.POOL.idFromName(model));
    const desired = async () => (await ask(model, TOKEN)).json();
    expect(await desired()).toMatchObject({ model, desired: 0, running: 0, waiting: 0 });

    // Scaling from nothing: whoever is turned away, and a job that waits, are why a worker should start.
    await pool.acquire(ticket("attached/1"));
    await pool.readyFor("job_1", []);
    expect(await desired()).toMatchObject({ desired: 1, waiting: 2 });

    await pool.heartbeat(heartbeat(model, {}), "http://127.0.0.1:9", Date.now());
    for (const id of ["a", "b", "c", "d", "e"]) await pool.acquire(ticket(id));
    expect(await desired()).toMatchObject({ desired: 2, running: 4, waiting: 3, slots: 4 });
  });
});
