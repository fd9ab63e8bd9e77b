import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { HEARTBEAT_PATH, heartbeat, type WorkerState } from "../core/heartbeat.ts";
import { frame, post, SECRET } from "./testing/frames.ts";
import { NOT_A_NUMBER, spoiledWeights } from "./testing/weights.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const WEIGHTS = fileURLToPath(new URL("../models/tessera-tiny/weights", import.meta.url));

/** The worker's environment and nothing of ours, so that a developer's own settings change no test. */
const environment = (more: Record<string, string> = {}) => ({ TESSERA_POOL_SECRET: SECRET, ...more });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-weights-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function failure(env: Record<string, string>): Promise<{ code: unknown; line: string }> {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "ignore", "pipe"] });
  const [line, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code, line };
}

const childMessage = z.object({ type: z.string(), port: z.number().optional() });

/** The first message of a type from a child. */
function message(child: ChildProcess, type: string): Promise<z.infer<typeof childMessage>> {
  return new Promise((resolve) => {
    child.on("message", (received) => {
      const parsed = childMessage.parse(received);
      if (parsed.type === type) resolve(parsed);
    });
  });
}

describe("the process", () => {
  it("names what is wrong in its environment, without the values", async () => {
    const { code, line } = await failure({ TESSERA_POOL_SECRET: "short", TESSERA_SLOTS: "many" });
    expect(code).toBe(1);
    expect(line).toMatch(/^gpu-worker: .*TESSERA_POOL_SECRET.*TESSERA_SLOTS.*\n$/);
    expect(line).not.toContain("short");
  });

  it("does not start with missing, altered or truncated weights, and says which file", async () => {
    const empty = await failure(environment({ TESSERA_WEIGHTS: folder }));
    expect(empty).toEqual({ code: 1, line: expect.stringMatching(/^gpu-worker: .*manifest\.json.*\n$/) });
    await cp(WEIGHTS, folder, { recursive: true });
    await writeFile(join(folder, "config.json"), "{}");
    const altered = await failure(environment({ TESSERA_WEIGHTS: folder }));
    expect(altered).toEqual({ code: 1, line: expect.stringMatching(/^gpu-worker: .*config\.json.*\n$/) });
    await cp(join(WEIGHTS, "config.json"), join(folder, "config.json"));
    await truncate(join(folder, "model.safetensors"), 1_000_000);
    const truncated = await failure(environment({ TESSERA_WEIGHTS: folder }));
    expect(truncated).toEqual({ code: 1, line: expect.stringMatching(/^gpu-worker: .*safetensors.*\n$/) });
  });

  it("does not start with weights that give no numbers", async () => {
    const spoiled = await spoiledWeights(NOT_A_NUMBER);
    const { code, line } = await failure(environment({ TESSERA_WEIGHTS: spoiled }));
    await rm(spoiled, { recursive: true });
    expect([code, line]).toEqual([1, expect.stringMatching(/^gpu-worker: .*warm-up.*\n$/)]);
  });

  it("does not start with a vLLM that its machine lacks, and says so", async () => {
    const env = environment({ TESSERA_ENGINE: "vllm", TESSERA_GPU: "cpu", TESSERA_PYTHON: "/no/python" });
    expect(await failure(env)).toEqual({ code: 1, line: expect.stringMatching(/vllm.*\/no\/python.*\n$/) });
    const unknown = await failure(environment({ TESSERA_ENGINE: "vllm" }));
    expect(unknown).toEqual({ code: 1, line: expect.stringContaining("TESSERA_GPU") });
  });

  it("tells its parent its port and its readiness, beats, and drains on SIGTERM", async () => {
    const states: { state: WorkerState; startMs: number | null }[] = [];
    const edge = createServer(async (request, response) => {
      expect(request.url).toBe(HEARTBEAT_PATH);
      const { state, startMs } = heartbeat.parse(JSON.parse(await text(request)));
      states.push({ state, startMs });
      response.end();
    });
    edge.listen(0, "127.0.0.1");
    await once(edge, "listening");
    const address = edge.address();
    const edgePort = typeof address === "object" ? address?.port : undefined;

    const child = fork(MAIN, { env: environment({ TESSERA_WORKER_NAME: "forked" }), stdio: "pipe" });
    const [{ port }] = await Promise.all([message(child, "listening"), message(child, "ready")]);
    child.send({ type: "edge", url: `http://127.0.0.1:${edgePort}` });
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const refused = await post(url, frame({ worker: "forked", boot: "unknown" }, "hi"));
    expect(refused.status).toBe(403);
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    edge.close();
    expect(code).toBe(0);
    expect(states[0]).toEqual({ state: "ready", startMs: expect.any(Number) });
    expect(states.at(-1)?.state).toBe("draining");
  });

  it("ends with its parent", async () => {
    const child = fork(MAIN, { env: environment(), stdio: "pipe" });
    await message(child, "ready");
    child.disconnect();
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});
