/**
 * Builds the pages for people: one HTML file with style sheet and script inside, `web/built/pages.html`, which the edge's
 * Worker imports as text. `npm start`, the tests and `wrangler` call this before they bundle the Worker.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

/** Writes the file at once, and only where it has changed: several products may start in one folder at a time. */
export async function writePages(): Promise<void> {
  const html = await buildPages();
  const file = join(BUILT, "pages.html");
  if (isWritten(file, html)) return;
  mkdirSync(BUILT, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, html);
  renameSync(draft, file);
}

function isWritten(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8") === text;
  } catch {
    return false;
  }
}

if (import.meta.main) await writePages();
