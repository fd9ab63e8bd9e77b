/** A GPU worker on this machine: the one that `npm start` keeps, or the one that the environment is set for. */
import { readDeveloper } from "../connection.ts";
import { type Check, type Environment, failure, ok } from "./check.ts";

const PATIENCE_MS = 5000;
const SHORTEST_SECRET = 16;

export async function checkWorker(env: Environment): Promise<Check[]> {
  const checks: Check[] = [];
  const workerUrl = readDeveloper(env)?.workerUrl;
  if (workerUrl) checks.push(await checkOwnWorker(workerUrl));
  if (env.TESSERA_EDGE_URL)
    checks.push(await checkEdge(env.TESSERA_EDGE_URL), checkSecret(env.TESSERA_POOL_SECRET));
  return checks;
}

async function checkOwnWorker(url: string): Promise<Check> {
  const advice =
    "Read logs/gpu-worker.log in TESSERA_HOME; npm start starts a worker that has died by itself.";
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const state = (await response.text()).trim();
    return response.ok
      ? ok("worker", "npm start's is ready")
      : failure("worker", `npm start's is ${state}`, advice);
  } catch {
    return failure("worker", `npm start's does not answer at ${url}`, advice);
  }
}

/** Whether a worker with this environment could report to its edge. */
async function checkEdge(url: string): Promise<Check> {
  const advice =
    "A worker's heartbeats go to TESSERA_EDGE_URL; check the address, and the way to it from here.";
  try {
    const response = await fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok) return ok("edge", `${url} can be reached from this machine`);
    return failure("edge", `${url} answers ${response.status}`, advice);
  } catch {
    return failure("edge", `${url} can't be reached from this machine`, advice);
  }
}

function checkSecret(secret: string | undefined): Check {
  if ((secret?.length ?? 0) >= SHORTEST_SECRET) return ok("secret", "TESSERA_POOL_SECRET is set");
  return failure(
    "secret",
    `TESSERA_POOL_SECRET has fewer than ${SHORTEST_SECRET} characters`,
    "Give the worker the edge's POOL_SECRET.",
  );
}
