/** `tessera`: every command, and how a run of one ends. */
import { Command, type CommanderError, type CommandUnknownOpts, Help } from "@commander-js/extra-typings";
import { accounts } from "./accounts.ts";
import { ask } from "./ask.ts";
import { CommandError, Unsuccessful, UsageError } from "./command.ts";
import { completion } from "./completion.ts";
import { doctor } from "./doctor.ts";
import { engine } from "./engine.ts";
import { jobs } from "./jobs.ts";
import { keys } from "./keys.ts";
import { mcp } from "./mcp.ts";
import { models } from "./models.ts";
import { preflight } from "./preflight.ts";
import { prices } from "./prices.ts";
import { receipts } from "./receipts.ts";
import { paint } from "./terminal.ts";
import { tileCommand } from "./tile.ts";
import { usage } from "./usage.ts";
import { verify } from "./verify.ts";
import { VERSION } from "./version.ts";
import { webhooks } from "./webhooks.ts";

const ABOUT = `Answers questions about images.

Start a server on this machine with npm start; the commands find it and its key by themselves.`;

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 called wrongly, 3 failed but may succeed later.`;

/** The tree of commands, which is also what help and completion are made from. */
export function buildProgram(): Command {
  const program = new Command("tessera")
    .description(ABOUT)
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXIT_CODES);
  program.commandsGroup("Ask:");
  for (const command of [ask(), preflight(), jobs(), models()]) program.addCommand(command);
  program.commandsGroup("Your account:");
  for (const command of [keys(), usage(), receipts(), verify(), webhooks()]) program.addCommand(command);
  program.commandsGroup("On this machine:");
  for (const command of [doctor(), tileCommand(), engine(), mcp(), completion()]) program.addCommand(command);
  program.commandsGroup("For operators:");
  for (const command of [accounts(), prices()]) program.addCommand(command);
  settle(program);
  return program;
}

/** Runs one command; gives the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  let running: CommandUnknownOpts = program;
  program.hook("preAction", (_, command) => {
    running = command;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof Shown) return error.exitCode;
    if (error instanceof Unsuccessful) return 1;
    const asJson = argv.includes("--json");
    if (error instanceof CommandError) {
      tell(asJson, pathOf(running), error, error.advice ?? wordOf(running, error));
      return error.later ? 3 : 1;
    }
    if (!(error instanceof UsageError)) throw error;
    const path = error instanceof CalledWrongly ? error.path : pathOf(running);
    tell(asJson, path, new CommandError(error.message, { code: "usage" }), `See ${path} --help.`);
    return 2;
  }
}

/** The parser's message without its own words for what a command takes. */
function inOneLine(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/^command-argument value ('.*') is invalid for argument '(.*?)'\./, "$1 is no $2.")
    .replaceAll(/\s*\n/g, " ");
}

/** Help is printed, because it was asked for or because the words named only a group of commands. */
class Shown extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super();
    this.exitCode = exitCode;
  }
}

/** What the parser found, before any command ran. */
class CalledWrongly extends UsageError {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Makes commands throw instead of ending the process, so that there is one place where a run ends. */
function settle(command: CommandUnknownOpts): void {
  command
    .exitOverride((error: CommanderError) => {
      if (error.exitCode === 0) throw new Shown(0);
      if (error.code === "commander.help") throw new Shown(2);
      throw new CalledWrongly(pathOf(command), inOneLine(error.message));
    })
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      styleTitle: (title) => paint("bold", title, process.stdout),
      subcommandTerm: (each) => each.name(),
      groupItems: (all, visible, groupOf) => {
        const { groupItems } = Help.prototype;
        const own = visible.filter((each) => groupOf(each) === "Options:");
        return groupItems([...own, ...all], visible, groupOf);
      },
    })
    .helpOption("-h, --help", "show this help");
  if (command.commands.length > 0) {
    command.commandsGroup(command.parent ? "Commands:" : "Help:");
    command.helpCommand("help [command]", "show a command's help");
  }
  for (const each of command.commands) settle(each);
}

/** One error on standard error: in the API's envelope for programs, else a line, and one on what to do. */
function tell(asJson: boolean, path: string, error: CommandError, advice: string | undefined): void {
  const line = asJson ? JSON.stringify(error.envelope()) : `${paint("red", path)}: ${error.message}`;
  console.error(line);
  if (advice && !asJson) console.error(`  ${advice}`);
}

/** The word that sets the API's field which is wrong: an option, or an image beside the question. */
function wordOf({ args, options, registeredArguments }: CommandUnknownOpts, { param }: CommandError) {
  const image = /^messages\.0\.content\.(\d+)\./.exec(param ?? "")?.[1];
  if (image !== undefined) return args.length > 1 ? `That is ${args[Number(image)]}.` : undefined;
  if (registeredArguments.some((argument) => argument.name() === param)) return undefined;
  const flag = `--${param?.replaceAll("_", "-")}`;
  return options.some(({ long }) => long === flag) ? `That is ${flag}.` : undefined;
}
