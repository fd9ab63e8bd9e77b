/**
 * Makes the worker one file, for containers: `node gpu-worker/bundle.ts FOLDER` writes `FOLDER/main.js` and SGLang's
 * servicer.
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: node gpu-worker/bundle.ts FOLDER\n");
  process.exit(2);
}

await build({
  entryPoints: [join(import.meta.dirname, "main.ts")],
  outfile: join(folder, "main.js"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  // A native library, which only the embedded engine loads; its image brings it along.
  external: ["onnxruntime-node"],
  // Packages in CommonJS ask for Node's own modules by require.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
  sourcemap: true,
  logLevel: "warning",
});

const SERVICER = "sglang_servicer.py";
await copyFile(join(import.meta.dirname, "engines/sglang", SERVICER), join(folder, SERVICER));
