import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { processTree } from "../../test/helpers/processes.ts";

const TICKS_A_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/**
 * Seconds of processor time that a process and all that it has started have used, ended children aside (`man 5 proc`).
 */
export function cpuSeconds(root: number): number {
  const ticks = processTree(root).map((id) => {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[11]) + Number(fields[12]);
    } catch {
      return 0;
    }
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_A_SECOND;
}
