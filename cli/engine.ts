/** `tessera engine flags`: how an engine is started for a model on a kind of GPU. */
import { findModel, MODELS } from "../core/models.ts";
import { sglangStart } from "../core/sglang-flags.ts";
import { GPUS, vllmStart } from "../core/vllm-flags.ts";
import { readArguments } from "./arguments.ts";
import { type Command, CommandError, UsageError } from "./command.ts";

export const engine: Command = {
  summary: "print the flags with which an engine serves a model on a kind of GPU",
  help: `Usage: tessera engine flags MODEL GPU [--weights PATH]

Prints the command that starts vLLM, or SGLang for its model: the one that a GPU worker starts by itself.

  MODEL                 ${MODELS.map(({ id }) => id).join(", ")}
  GPU                   ${GPUS.join(", ")}
  --weights PATH        the weights' folder or repository; else the one that the registry names

Example:
  tessera engine flags llava-v1.6-34b h100`,

  async run(argv) {
    console.log(engineCommand(argv));
    return 0;
  },
};

/** The command as lines of a shell. Throws a UsageError, or a CommandError where the machine is too small. */
export function engineCommand(argv: readonly string[]): string {
  const { values, positionals } = readArguments(argv, { weights: { type: "string" } });
  const [action, id, gpu, ...more] = positionals;
  if (action !== "flags" || !id || !gpu || more.length > 0) throw new UsageError("say flags MODEL GPU");
  const model = findModel(id);
  if (!model) throw new UsageError(`there is no model '${id}'`);
  const known = GPUS.find((each) => each === gpu);
  if (!known) throw new UsageError(`GPU is ${GPUS.join(", ")}, not '${gpu}'`);
  const startOf = model.geometry.unpad === "truncate" ? sglangStart : vllmStart;
  const start = startOf(model, known, values.weights ?? model.revision);
  if (!start.ok) throw new CommandError(start.error);
  const { env, module, flags } = start.value;
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
