#!/usr/bin/env node
/** `tessera`: the API from a terminal. Exit codes: 0 done, 1 failed, 2 called wrongly. */
import { accounts } from "./accounts.ts";
import { ask } from "./ask.ts";
import { type Command, CommandError, UsageError } from "./command.ts";
import { engine } from "./engine.ts";
import { keys } from "./keys.ts";
import { mcp } from "./mcp.ts";
import { preflight } from "./preflight.ts";
import { prices } from "./prices.ts";
import { receipts } from "./receipts.ts";
import { tileCommand } from "./tile.ts";
import { usage } from "./usage.ts";
import { verify } from "./verify.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  ask,
  preflight,
  keys,
  tile: tileCommand,
  usage,
  receipts,
  verify,
  engine,
  accounts,
  prices,
  mcp,
};

const HELP = `tessera answers questions about pictures.

Usage: tessera COMMAND …

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join("\n")}

tessera COMMAND --help tells more. Start a server on this machine with npm start.`;

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    console.error(`tessera: there is no command '${name}'. See tessera --help.`);
    return 2;
  }
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(command.help);
    return 0;
  }
  try {
    return await command.run(argv);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`tessera ${name}: ${error.message}. See tessera ${name} --help.`);
      return 2;
    }
    if (error instanceof CommandError) {
      console.error(`tessera ${name}: ${error.message}`);
      return 1;
    }
    throw error;
  }
}
