import { setTimeout as sleep } from "node:timers/promises";
import { findModel } from "../../core/models.ts";
import { vllmStart } from "../../core/vllm-flags.ts";
import { EngineProcess, freePort } from "../../gpu-worker/engines/grpc/process.ts";

/** vLLM's own server, which takes whole images; with the flags of the worker's engine, those of its gRPC door aside. */
export async function startHttpServer(python: string, weights: string) {
  const model = findModel("tessera-tiny");
  const start = model && vllmStart(model, "cpu", weights);
  if (!start?.ok) throw new Error("The registry has no start for tessera-tiny.");
  const door = start.value.flags.indexOf("--mm-processor");
  const port = await freePort();
  const server = new EngineProcess(
    {
      python,
      module: "vllm.entrypoints.openai.api_server",
      flags: [...start.value.flags.toSpliced(door, 2), "--host", "127.0.0.1", "--port", String(port)],
      env: { ...start.value.env, HF_HUB_OFFLINE: "1" },
    },
    () => undefined,
  );
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) {
    if (!server.running) throw new Error(`vLLM's server: ${await server.ended}`);
    await sleep(500);
  }
  return { url, id: server.id, stop: () => server.stop() };
}
