/** The peers, installed once into a cache outside of the repository, at the versions named here. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { toolCache } from "../../test/helpers/tool-cache.ts";

const CACHE = toolCache("bench-gateway");

export const LITELLM = "1.106.2";
export const PORTKEY = "1.15.2";

/** LiteLLM's proxy command, or undefined when it can't be installed. */
export function installLiteLlm(report: (line: string) => void): string | undefined {
  const folder = join(CACHE, `litellm-${LITELLM}`);
  const command = join(folder, "bin/litellm");
  if (!existsSync(command)) {
    report(`installing litellm ${LITELLM} into ${folder}`);
    mkdirSync(CACHE, { recursive: true });
    spawnSync("python3", ["-m", "venv", folder]);
    const python = join(folder, "bin/python");
    spawnSync(python, ["-m", "pip", "install", "--quiet", `litellm[proxy]==${LITELLM}`]);
  }
  return existsSync(command) ? command : undefined;
}

/** The script that starts Portkey's gateway, or undefined when it can't be installed. */
export function installPortkey(report: (line: string) => void): string | undefined {
  const folder = join(CACHE, `portkey-${PORTKEY}`);
  const script = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(script)) {
    report(`installing @portkey-ai/gateway ${PORTKEY} into ${folder}`);
    mkdirSync(folder, { recursive: true });
    spawnSync("npm", ["install", "--silent", "--prefix", folder, `@portkey-ai/gateway@${PORTKEY}`]);
  }
  return existsSync(script) ? script : undefined;
}
