/** One command of `tessera`. */
export interface Command {
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** Runs with the arguments after the command's name; gives the exit code. */
  run(argv: readonly string[]): Promise<number>;
}

/** The command was called wrongly; exit code 2. */
export class UsageError extends Error {}

/** The command was right, and failed; exit code 1. */
export class CommandError extends Error {}

/** The help text on where the server and the key come from, for every command that needs them. */
export const CONNECTION_HELP = `  --url URL             the server; else TESSERA_URL, else the one that npm start runs
  --key KEY             the API key; else TESSERA_API_KEY, else npm start's own`;

/** The same for the operator's commands. */
export const OPERATOR_HELP = `  --url URL             the server; else TESSERA_URL, else the one that npm start runs
  --admin-key KEY       the operator's key; else TESSERA_ADMIN_KEY, else npm start's own`;
