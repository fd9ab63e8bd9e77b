/** The processes of this machine, as `ps` tells them. */
import { execFileSync } from "node:child_process";

interface Process {
  readonly id: number;
  readonly parent: number;
}

/** All that have not ended; a zombie has. */
function runningProcesses(): Process[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state?.startsWith("Z"))
    .map(([id, parent]) => ({ id: Number(id), parent: Number(parent) }));
}

/** A process and all that it has started, and they, and so on. */
export function processTree(root: number): number[] {
  const running = runningProcesses();
  const tree = running.some(({ id }) => id === root) ? [root] : [];
  for (const id of tree) {
    tree.push(...running.filter(({ parent }) => parent === id).map((child) => child.id));
  }
  return tree;
}

/** Those of the given processes that still run. */
export function stillRunning(ids: readonly number[]): number[] {
  const running = new Set(runningProcesses().map(({ id }) => id));
  return ids.filter((id) => running.has(id));
}

/** Ends processes at once; those that have ended already are no fault. */
export function killAll(ids: readonly number[]): void {
  for (const id of ids) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
