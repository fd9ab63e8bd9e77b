/**
 * The gateways side by side, each in its own processes on loopback, each in front of an upstream that answers at once.
 */
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { claimPort } from "../../start/port.ts";
import type { Target } from "./load.ts";
import { answers, cpuMs, start, stop } from "./processes.ts";
import { installLiteLlm, installPortkey, LITELLM, PORTKEY } from "./tools.ts";

export interface Gateway {
  readonly name: string;
  /** Name and version, for the figures. */
  readonly version: string;
  readonly target: Target;
  /** Processor time used so far, the upstream's left out, in milliseconds. */
  readonly cpuMs: () => number;
  /** The same of its upstream, where that is the gateway's own. */
  readonly upstreamCpuMs?: () => number;
  readonly stop: () => Promise<void>;
}

type Report = (line: string) => void;

const ROOT = join(import.meta.dirname, "../..");
const PATH = "/v1/chat/completions";
const LOOPBACK = "127.0.0.1";
const MODEL = "llava-v1.6-mistral-7b";
const SECRET = "the benchmark's secret between edge and worker";
const EMBEDDED = "gpu-worker/main.ts";

const portLine = z.object({ port: z.int() });
const developer = z.object({ url: z.string(), adminKey: z.string() });
const opened = z.object({ key: z.object({ key: z.string() }) });

/** The upstream itself, without any gateway. */
export async function startUpstream(): Promise<Gateway> {
  const child = start(process.execPath, [join(import.meta.dirname, "upstream.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (!child.stdout) throw new Error("The upstream has no output.");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { port } = portLine.parse(JSON.parse(String(line)));
  return {
    name: "direct",
    version: "no gateway",
    target: { url: `http://${LOOPBACK}:${port}${PATH}`, headers: () => ({}), model: "llava" },
    cpuMs: () => cpuMs(child.pid ?? 0),
    stop: () => stop(child),
  };
}

/** The whole product as `npm start` runs it, with one more GPU worker, and an account for each connection. */
export async function startTessera(home: string, accounts: number): Promise<Gateway> {
  const workerPort = await claimPort(LOOPBACK, 0);
  const product = start(process.execPath, [join(ROOT, "start/main.ts")], {
    env: {
      ...process.env,
      PORT: "0",
      TESSERA_HOME: home,
      TESSERA_POOL_SECRET: SECRET,
      TESSERA_POOL_TARGETS: JSON.stringify({ bench: `http://${LOOPBACK}:${workerPort}` }),
    },
  });
  const file = join(home, "dev.json");
  while (!existsSync(file)) {
    if (product.exitCode !== null) throw new Error("The product ended while it started.");
    await sleep(50);
  }
  const { url, adminKey } = developer.parse(JSON.parse(readFileSync(file, "utf8")));
  const worker = start(process.execPath, [join(import.meta.dirname, "worker.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      PORT: String(workerPort),
      TESSERA_POOL_SECRET: SECRET,
      TESSERA_EDGE_URL: url,
      TESSERA_WORKER_NAME: "bench",
      TESSERA_MODEL: MODEL,
      TESSERA_SLOTS: "64",
    },
  });
  const keys = await Promise.all(
    Array.from({ length: accounts }, (_, index) => openAccount(url, adminKey, `bench ${index}`)),
  );
  await ready(url);
  return {
    name: "tessera",
    version: "this commit, as npm start runs it",
    target: {
      url: `${url}${PATH}`,
      headers: (connection) => ({
        authorization: `Bearer ${keys[connection % keys.length]}`,
        "cache-control": "no-store",
      }),
      model: MODEL,
    },
    cpuMs: () => cpuMs(product.pid ?? 0, EMBEDDED),
    upstreamCpuMs: () => cpuMs(worker.pid ?? 0),
    stop: async () => {
      await stop(worker);
      await stop(product);
    },
  };
}

async function openAccount(url: string, adminKey: string, name: string): Promise<string> {
  const response = await fetch(`${url}/v1/admin/accounts`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name, credit_microcredits: 1_000_000_000 }),
  });
  return opened.parse(await response.json()).key.key;
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    if ((await response.text()).includes(`"${MODEL}":true`)) return;
    await sleep(100);
  }
}

/** LiteLLM's proxy with a master key and one worker process; undefined where it can't be had. */
export async function startLiteLlm(
  home: string,
  upstream: string,
  report: Report,
): Promise<Gateway | undefined> {
  const command = installLiteLlm(report);
  if (!command) return undefined;
  const port = await claimPort(LOOPBACK, 0);
  const config = join(home, "litellm.yaml");
  const model = { model: "openai/llava", api_base: new URL("/v1", upstream).href, api_key: "none" };
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      model_list: [
        {
          model_name: "llava",
          litellm_params: { ...model, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
        },
      ],
      general_settings: { master_key: "sk-bench" },
      litellm_settings: { telemetry: false, num_retries: 0, cache: false },
    }),
  );
  const child = start(command, ["--config", config, "--host", LOOPBACK, "--port", String(port)], {
    cwd: home,
    env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: "True" },
  });
  const url = `http://${LOOPBACK}:${port}`;
  if (!(await answers(child, `${url}/health/liveliness`))) {
    await stop(child);
    return undefined;
  }
  return {
    name: "litellm",
    version: `litellm ${LITELLM}, master key, one worker`,
    target: {
      url: `${url}${PATH}`,
      headers: () => ({ authorization: "Bearer sk-bench" }),
      model: "llava",
    },
    cpuMs: () => cpuMs(child.pid ?? 0),
    stop: () => stop(child),
  };
}

/** Portkey's gateway, which neither authenticates nor meters; undefined where it can't be had. */
export async function startPortkey(upstream: string, report: Report): Promise<Gateway | undefined> {
  const script = installPortkey(report);
  if (!script) return undefined;
  const port = await claimPort(LOOPBACK, 0);
  const preload = join(import.meta.dirname, "portkey-headers.mjs");
  const child = start(process.execPath, ["--import", preload, script, `--port=${port}`, "--headless"]);
  const url = `http://${LOOPBACK}:${port}`;
  if (!(await answers(child, url))) {
    await stop(child);
    return undefined;
  }
  return {
    name: "portkey",
    version: `@portkey-ai/gateway ${PORTKEY}, no authentication, no metering`,
    target: {
      url: `${url}${PATH}`,
      headers: () => ({
        authorization: "Bearer none",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": new URL("/v1", upstream).href,
      }),
      model: "llava",
    },
    cpuMs: () => cpuMs(child.pid ?? 0),
    stop: () => stop(child),
  };
}
