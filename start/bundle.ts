/** One Worker's modules, as the deployment would have them: TypeScript in one file, other rules' files beside it. */
import { readFileSync } from "node:fs";
import { basename, join, matchesGlob, resolve } from "node:path";
import { type BuildFailure, build, type Plugin } from "esbuild";
import type { Unstable_MiniflareWorkerOptions } from "wrangler";

type Rules = NonNullable<Unstable_MiniflareWorkerOptions["workerOptions"]["modulesRules"]>;

export interface Module {
  readonly type: Rules[number]["type"];
  readonly path: string;
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export async function bundle(entry: string, rules: Rules): Promise<Module[]> {
  const assets = new Map<string, Module>();
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    keepNames: true,
    plugins: [moduleRules(rules, assets)],
    write: false,
    logLevel: "silent",
  }).catch((failure: BuildFailure) => {
    const [first] = failure.errors;
    throw first ? new Error(`${first.location?.file}:${first.location?.line}: ${first.text}`) : failure;
  });
  return [{ type: "ESModule", path: "index.js", contents: outputFiles[0]?.text ?? "" }, ...assets.values()];
}

/** Leaves files that a rule names to the runtime: it imports them as text, data or compiled WebAssembly. */
function moduleRules(rules: Rules, assets: Map<string, Module>): Plugin {
  return {
    name: "module-rules",
    setup(build) {
      build.onResolve({ filter: /\.\w+(\?module)?$/ }, async ({ path, resolveDir, kind, pluginData }) => {
        const rule = rules.find(({ include }) => include.some((glob) => matchesGlob(join("/", path), glob)));
        if (!rule || pluginData === moduleRules) return undefined;
        const specifier = path.replace(/\?module$/, "");
        const found = await build.resolve(specifier, { resolveDir, kind, pluginData: moduleRules });
        if (found.errors.length > 0) return found;
        const file = resolve(found.path);
        const asset = assets.get(file) ?? {
          type: rule.type,
          path: `${assets.size}-${basename(file)}`,
          contents: rule.type === "Text" ? readFileSync(file, "utf8") : new Uint8Array(readFileSync(file)),
        };
        assets.set(file, asset);
        return { path: `./${asset.path}`, external: true };
      });
    },
  };
}
