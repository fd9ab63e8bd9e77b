/** The repository's Markdown pages, read as GitHub shows them. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import GithubSlugger from "github-slugger";
import { lexer, type Token, type TokensList, walkTokens } from "marked";

export const REPOSITORY = join(import.meta.dirname, "../..");

const FOREIGN = new Set(["node_modules", ".git", ".tessera", ".wrangler"]);

/** Every Markdown page, as a path from the repository's root. */
export const PAGES: readonly string[] = globSync("**/*.md", {
  cwd: REPOSITORY,
  exclude: (name) => FOREIGN.has(name),
}).sort();

/** What stands between two fences. The words behind its language say what becomes of it. */
export interface Snippet {
  readonly page: string;
  /** Of its opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The name under which the page has its reader save it. */
  readonly file: string | null;
  /** `output`: what the snippet before prints. `shape`: what it prints has these fields, with other values. */
  readonly shows: "output" | "shape" | null;
  /** `python`: a line of a shell that needs Python and its packages. */
  readonly needsPython: boolean;
  /** `not-run: …`: why no test can run it. */
  readonly notRun: string | null;
}

export interface Page {
  readonly path: string;
  readonly snippets: readonly Snippet[];
  /** What a `#` can name: headings as GitHub writes them, and `<a id>`. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
  /** What stands between backticks. */
  readonly names: readonly string[];
}

export function readPage(path: string): Page {
  const tokens = lexer(readFileSync(join(REPOSITORY, path), "utf8"));
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  const links: string[] = [];
  const names: string[] = [];
  walkTokens(tokens, (token: Token) => {
    if (token.type === "heading") anchors.add(slugger.slug(plainText(token.tokens ?? [])));
    else if (token.type === "link" || token.type === "image") links.push(token.href);
    else if (token.type === "codespan") names.push(token.text);
    else if (token.type === "html") {
      for (const [, id = ""] of token.raw.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
      for (const [, link = ""] of token.raw.matchAll(/\b(?:href|src)="([^"]+)"/g)) links.push(link);
    }
  });
  return { path, snippets: snippetsOf(path, tokens), anchors, links, names };
}

function plainText(tokens: readonly Token[]): string {
  return tokens.map((token) => ("text" in token ? token.text : token.raw)).join("");
}

function snippetsOf(page: string, tokens: TokensList): Snippet[] {
  const snippets: Snippet[] = [];
  let line = 1;
  for (const token of tokens) {
    if (token.type === "code") snippets.push(snippetOf(page, line, token.lang ?? "", token.text));
    line += token.raw.split("\n").length - 1;
  }
  return snippets;
}

function snippetOf(page: string, line: number, info: string, text: string): Snippet {
  const [described = "", notRun] = info.split(/ not-run: /);
  const [language = "", ...words] = described.split(" ");
  const shows = words.includes("output") ? "output" : words.includes("shape") ? "shape" : null;
  const file = words.find((word) => word.includes(".")) ?? null;
  const known = words.every((word) => word === file || ["output", "shape", "python"].includes(word));
  if (!known) throw new Error(`${page}:${line}: no test knows what '${info}' asks for.`);
  const needsPython = language === "python" || words.includes("python");
  return { page, line, language, text, file, shows, needsPython, notRun: notRun ?? null };
}
