/** `tessera engine flags`: how an engine is started for a model on a kind of GPU. */
import { Argument } from "@commander-js/extra-typings";
import { type EngineStart, GPUS, type Gpu } from "../core/engine-start.ts";
import { findModel, MODELS } from "../core/models.ts";
import { sglangStart } from "../core/sglang-flags.ts";
import { vllmStart } from "../core/vllm-flags.ts";
import { CommandError, examples, newCommand, print, printingCommand, UsageError } from "./command.ts";

export function engine() {
  const flags = printingCommand("flags", "print the command that starts vLLM, or SGLang for its model")
    .addArgument(new Argument("<model>", "the model").choices(MODELS.map(({ id }) => id)))
    .addArgument(new Argument("<gpu>", "the machine").choices(GPUS))
    .option("--weights <folder>", "the weights' folder or repository; else the one that the registry names")
    .addHelpText(
      "after",
      `
It is the command by which a GPU worker starts its engine.
${examples("tessera engine flags llava-v1.6-34b h100")}`,
    )
    .action((model, gpu, options) => {
      const start = engineStart(model, gpu, options.weights);
      print(options.json, start, () => shellCommand(start));
    });
  return newCommand("engine", "how an engine serves a model on a kind of GPU").addCommand(flags);
}

/** Throws a CommandError where the machine is too small. */
function engineStart(id: string, gpu: Gpu, weights: string | undefined): EngineStart {
  const model = findModel(id);
  if (!model) throw new UsageError(`there is no model '${id}'`);
  const startOf = model.geometry.unpad === "truncate" ? sglangStart : vllmStart;
  const start = startOf(model, gpu, weights ?? model.revision);
  if (!start.ok) throw new CommandError(start.error, { code: "gpu_too_small" });
  return start.value;
}

/** The command as lines of a shell. */
function shellCommand({ env, module, flags }: EngineStart): string {
  const lines = [
    ...Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`),
    `python3 -m ${module}`,
    ...pairs(flags),
  ];
  return lines.join(" \\\n  ");
}

/** A flag and its value on one line. */
function pairs(flags: readonly string[]): string[] {
  const lines: string[] = [];
  for (const flag of flags) {
    if (flag.startsWith("--")) lines.push(flag);
    else lines.push(`${lines.pop() ?? ""} ${quoted(flag)}`);
  }
  return lines;
}

function quoted(value: string): string {
  return /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
