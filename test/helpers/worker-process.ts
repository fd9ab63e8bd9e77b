import { execFileSync } from "node:child_process";

/** Which of a product's processes is its GPU worker. */
export function workerProcess(tree: readonly number[]): number {
  const commands = execFileSync("ps", ["-o", "pid=,args=", "-p", tree.join(",")], { encoding: "utf8" });
  const line = commands.split("\n").find((each) => each.includes("gpu-worker/main.ts"));
  if (line === undefined) throw new Error("The product has no GPU worker.");
  return Number.parseInt(line, 10);
}
