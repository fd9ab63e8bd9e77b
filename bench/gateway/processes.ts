/** Children of the benchmark, and the processor time that they and theirs have used. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** /proc counts in hundredths of a second on every Linux. */
const TICK_MS = 10;

export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { stdio: "ignore", ...options });
  child.on("error", () => undefined);
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await gone;
  clearTimeout(timer);
}

/** Waits until a request is answered with less than 500. False when the process ends first, or `limitMs` pass. */
export async function answers(child: ChildProcess, url: string, limitMs = 120_000): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline && child.exitCode === null && child.pid !== undefined) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response && response.status < 500) return true;
    await sleep(200);
  }
  return false;
}

/**
 * Processor time of a process and all below it, in milliseconds, without those whose command line has `except`; NaN
 * where there is no /proc.
 */
export function cpuMs(root: number, except?: string): number {
  try {
    const parents = new Map(readdirSync("/proc").flatMap(readStat));
    const below = (id: number): boolean => {
      for (let at: number | undefined = id; at !== undefined && at > 1; at = parents.get(at)?.parent) {
        if (at === root) return true;
      }
      return false;
    };
    return [...parents]
      .filter(([id]) => below(id) && !(except && commandLine(id).includes(except)))
      .reduce((sum, [, { ms }]) => sum + ms, 0);
  } catch {
    return Number.NaN;
  }
}

function readStat(name: string): [number, { readonly parent: number; readonly ms: number }][] {
  const id = Number(name);
  if (!Number.isInteger(id)) return [];
  try {
    const text = readFileSync(`/proc/${id}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return [[id, { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS }]];
  } catch {
    return [];
  }
}

function commandLine(id: number): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
