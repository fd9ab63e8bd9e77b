/**
 * Builds the pages for people: each is one HTML file with its style sheet and script inside, in `web/built/`, from where
 * the edge's Worker imports it as text. `npm start`, the tests and `wrangler` call this before they bundle the Worker.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const FOLDER = import.meta.dirname;
const BUILT = join(FOLDER, "built");

const PAGES = [
  {
    name: "playground",
    title: "Tessera: ask about a picture",
    description: "Ask a vision model about a picture, and see its tiles, its tokens and its price first.",
  },
];

/** The pages' HTML by name. */
export async function buildPages(): Promise<Map<string, string>> {
  const icon = `data:image/svg+xml,${encodeURIComponent(read("shared/mark.svg"))}`;
  const pages = new Map<string, string>();
  for (const { name, title, description } of PAGES) {
    const { outputFiles } = await build({
      entryPoints: [join(FOLDER, name, "main.tsx")],
      outdir: BUILT,
      bundle: true,
      minify: true,
      format: "esm",
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
    pages.set(name, page({ title, description, icon, style: output(".css"), script: output(".js") }));
  }
  return pages;
}

/** Writes the pages to `web/built/`, each at once: several products may start in one folder at a time. */
export async function writePages(): Promise<void> {
  mkdirSync(BUILT, { recursive: true });
  for (const [name, html] of await buildPages()) {
    const file = join(BUILT, `${name}.html`);
    if (isWritten(file, html)) continue;
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, html);
    renameSync(draft, file);
  }
}

function isWritten(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8") === text;
  } catch {
    return false;
  }
}

function read(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

interface Parts {
  readonly title: string;
  readonly description: string;
  readonly icon: string;
  readonly style: string;
  readonly script: string;
}

/** The edge replaces `%nonce%` in each answer. */
function page({ title, description, icon, style, script }: Parts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${description}">
<title>${title}</title>
<link rel="icon" href="${icon}">
<style nonce="%nonce%">${style}</style>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript. The API does without: see <a href="/openapi.json">/openapi.json</a>.</noscript></div>
<script nonce="%nonce%" type="module">${script}</script>
</body>
</html>
`;
}

if (import.meta.main) await writePages();
