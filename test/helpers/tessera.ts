/** `tessera` as a person or a script runs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Account } from "./account.ts";

export const MAIN = join(import.meta.dirname, "../../cli/main.ts");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command with an account's key. */
export async function tessera(account: Account | undefined, ...argv: readonly string[]): Promise<Ran> {
  const own = account && { TESSERA_URL: account.product.url, TESSERA_API_KEY: account.key };
  return runProgram(process.execPath, [MAIN, ...argv], { TESSERA_HOME: "/nowhere", ...own });
}

/**
 * Runs a program, from the repository's root unless told otherwise, with nothing on its input and little in its
 * environment.
 */
export async function runProgram(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = join(import.meta.dirname, "../.."),
): Promise<Ran> {
  const child = spawn(program, argv, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, out, err };
}
