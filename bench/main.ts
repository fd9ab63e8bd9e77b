/** `npm run --silent bench -- NAME [--json]`: runs one benchmark and prints its figures, as JSON or as a table. */
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark } from "./benchmark.ts";
import { printTable } from "./print-table.ts";

const SUPPORT = new Set(["main", "benchmark", "print-table", "statistics"]);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"))
  .filter((name) => !SUPPORT.has(name));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const [name] = positionals;

if (name === undefined || !names.includes(name)) {
  console.error(`Name one benchmark: ${names.join(", ")}`);
  process.exitCode = 2;
} else {
  const { run }: Benchmark = await import(join(import.meta.dirname, `${name}.ts`));
  const { figures, ratios } = await run((line) => console.error(line));
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model ?? "unknown", cores: cpus().length, node: process.version };
  const report = { bench: name, machine, figures, ratios };
  if (values.json) console.log(JSON.stringify(report));
  else printTable(report);
}
