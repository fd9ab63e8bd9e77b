import type { Figures, Outcome } from "./benchmark.ts";

/** A report for people: one figure a line. */
export function printTable(report: { bench: string; machine: Figures } & Outcome): void {
  console.log(report.bench);
  for (const [title, group] of Object.entries({
    machine: report.machine,
    figures: report.figures,
    ratios: report.ratios,
  })) {
    console.log(`\n${title}`);
    for (const [name, value] of flatten(group)) {
      console.log(`  ${name.padEnd(36)} ${typeof value === "number" ? format(value) : value}`);
    }
  }
}

function flatten(figures: Figures, prefix = ""): [string, number | string][] {
  return Object.entries(figures).flatMap(([name, value]) =>
    typeof value === "object" ? flatten(value, `${prefix}${name}.`) : [[prefix + name, value]],
  );
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
