/** The Python clients and schemathesis, with everything they need pinned, in a cache outside of the repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execute, installPython, toolCache } from "../helpers/tool-cache.ts";

const ENVIRONMENT = join(toolCache("clients"), "python");
/** The oldest Python that the pins are for: `requirements.in`. */
const OLDEST_MINOR = 11;

/** A Python that has them. */
export const PYTHON = join(ENVIRONMENT, "bin/python");

/** Installs what is missing; fails loudly when it can't. */
export default function setup(): void {
  checkPython();
  const lock = readFileSync(join(import.meta.dirname, "requirements.txt"), "utf8");
  installPython(
    ENVIRONMENT,
    lock.split("\n").filter((line) => /^\w/.test(line)),
  );
}

function checkPython(): void {
  const version = execute("python3", ["-c", "import platform; print(platform.python_version())"]).trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 3 && minor >= OLDEST_MINOR) return;
  throw new Error(
    `python3 is ${version}; the clients' tests need 3.${OLDEST_MINOR} or later. Put such a python3 first in the PATH.`,
  );
}
