/** `tessera doctor`: what is wrong with a set-up, and what to do about it. */
import { apiCommand, examples, print, Unsuccessful } from "./command.ts";
import type { Check } from "./doctor/check.ts";
import { checkMachine } from "./doctor/machine.ts";
import { checkServer } from "./doctor/server.ts";
import { checkWeights } from "./doctor/weights.ts";
import { checkWorker } from "./doctor/worker.ts";
import { modelOption } from "./question.ts";
import { paint, startProgress } from "./terminal.ts";

export function doctor() {
  return apiCommand("doctor", "find what is wrong with a set-up: server, key, credit, models, weights")
    .addOption(modelOption("a model that must be up; else any will do"))
    .addHelpText(
      "after",
      `
Each line is ok, a warning or a failure, with what to do under it; a failure makes the exit code 1. It asks nothing
that costs credit.
${examples("tessera doctor", "tessera doctor --url https://tessera.example.com --key tsr_… --model llava-v1.6-34b")}`,
    )
    .action(async (options) => {
      const progress = startProgress("looking at the set-up");
      const found = await Promise.all([
        checkMachine(process.env),
        checkServer(options, process.env),
        checkWorker(process.env),
        checkWeights(process.env),
      ]);
      progress.stop();
      const checks = found.flat();
      const failures = checks.filter(({ status }) => status === "failure").length;
      const report = { object: "doctor", ok: failures === 0, checks };
      print(options.json, report, () => checks.map(line).join("\n"));
      if (failures > 0) throw new Unsuccessful();
    });
}

const COLOURS = { ok: "green", warning: "yellow", failure: "red" } as const;

function line({ name, status, message, advice }: Check): string {
  const head = paint(COLOURS[status], status.padEnd(7), process.stdout);
  return `${head}  ${name.padEnd(9)} ${message}${advice ? `\n${" ".repeat(19)}${advice}` : ""}`;
}
