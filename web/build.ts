/**
 * Builds the pages for people: one HTML file with style sheet and script inside, `web/built/pages.html`, and the script of
 * the API reference, `web/built/reference.js.gz`. The edge's Worker imports both. `npm start`, the tests and `wrangler` call
 * this before they bundle the Worker.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const FOLDER = import.meta.dirname;
const BUILT = join(FOLDER, "built");

export async function buildPages(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, "main.tsx")],
    outdir: BUILT,
    bundle: true,
    minify: true,
    format: "esm",
    charset: "utf8",
    target: ["chrome123", "firefox128", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".png": "binary", ".svg": "text" },
    legalComments: "none",
    write: false,
    logLevel: "silent",
  });
  const output = (extension: string) =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text.trim() ?? "";
  const mark = readFileSync(join(FOLDER, "shared/mark.svg"), "utf8");
  // The edge replaces %nonce% in each answer.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="Ask a vision model about a picture, and see its tiles, its tokens and its price first.">
<title>Tessera</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(mark)}">
<style nonce="%nonce%">${output(".css")}</style>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript. The API does without: see <a href="/openapi.json">/openapi.json</a>.</noscript></div>
<script nonce="%nonce%" type="module">${output(".js")}</script>
</body>
</html>
`;
}

/** Scalar's script as it is published, whole in one file: it would be a megabyte more to upload if it were not packed. */
export function packReference(): Buffer {
  const entry = createRequire(import.meta.url).resolve("@scalar/api-reference");
  return gzipSync(readFileSync(join(dirname(entry), "browser/standalone.js")));
}

/** Writes each file at once, and only where it has changed: several products may start in one folder at a time. */
export async function writePages(): Promise<void> {
  mkdirSync(BUILT, { recursive: true });
  write("pages.html", Buffer.from(await buildPages()));
  write("reference.js.gz", packReference());
}

function write(name: string, bytes: Buffer): void {
  const file = join(BUILT, name);
  if (isWritten(file, bytes)) return;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, bytes);
  renameSync(draft, file);
}

function isWritten(file: string, bytes: Buffer): boolean {
  try {
    return readFileSync(file).equals(bytes);
  } catch {
    return false;
  }
}

if (import.meta.main) await writePages();
