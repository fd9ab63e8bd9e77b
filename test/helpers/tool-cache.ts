/**
 * Tools of other makers, installed once into a cache outside of the repository. Everything throws when it can't be had.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of a suite's tools. */
export function toolCache(suite: string): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tessera", suite);
}

/** Empties the folder and installs, unless it was filled with the same pins before, to the end. */
export function installOnce(folder: string, pins: string, install: () => void): void {
  const note = join(folder, "installed.txt");
  if (existsSync(note) && readFileSync(note, "utf8") === pins) return;
  console.error(`Installing what is needed into ${folder}, for the first time.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  install();
  writeFileSync(note, pins);
}

/** Makes a virtual environment with these packages in `folder`. */
export function installPython(folder: string, packages: readonly string[]): void {
  installOnce(folder, packages.join("\n"), () => {
    execute("python3", ["-m", "venv", folder]);
    execute(join(folder, "bin/python"), ["-m", "pip", "install", "--quiet", ...packages]);
  });
}

/** What a command said at its end tells why it failed. */
const MOST_CHARACTERS = 4000;

/** Runs a command to its end and gives what it printed; throws with that when it fails. */
export function execute(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  const said = `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.slice(-MOST_CHARACTERS);
  throw new Error(`${command} ${args.join(" ")} failed:\n${said}`);
}
