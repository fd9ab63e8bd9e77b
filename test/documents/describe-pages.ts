/** The documents' snippets as tests. Whoever has Python and its packages runs those in Python too. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGES, readPage, type Snippet } from "./pages.ts";
import { shapeOf, shownJson, shownText } from "./shown.ts";
import { Terminal } from "./terminal.ts";

/**
 * One test a snippet, in the page's order and in one terminal, of every page that has any. `python`: the folder of a
 * `python3` that has `openai` and `cryptography`; without it, what needs them is skipped.
 */
export function describePages(python?: string): void {
  for (const page of PAGES.map(readPage).filter(({ snippets }) => snippets.length > 0)) {
    describe(page.path, () => {
      let terminal: Terminal;
      let printed = "";
      beforeAll(async () => {
        terminal = await Terminal.open(python);
      });
      afterAll(() => terminal.close());

      for (const snippet of page.snippets) {
        const { line, language, notRun, needsPython } = snippet;
        const name = `line ${line}, ${language}`;
        if (notRun !== null) it.skip(`${name}: not run, ${notRun}`);
        else if (needsPython && python === undefined) it.skip(`${name}: npm run test:clients runs it`);
        else
          it(name, async () => {
            if (snippet.shows !== null) compare(snippet, printed);
            else if (language === "sh" || snippet.file !== null) {
              const { code, out, err } = await terminal.run(snippet);
              expect(code, err).toBe(0);
              printed = out;
            } else if (language === "json") JSON.parse(snippet.text);
            else expect(language).toBe("text");
          });
      }
    });
  }
}

function compare({ language, text, shows }: Snippet, printed: string): void {
  if (language !== "json") expect(asRead(printed)).toEqual(shownText(text));
  else if (shows === "output") expect(JSON.parse(printed)).toEqual(shownJson(JSON.parse(text)));
  else expect(shapeOf(JSON.parse(printed))).toEqual(shapeOf(JSON.parse(text)));
}

/** As a terminal shows it: headers end in CR LF. */
function asRead(printed: string): string {
  return printed.replaceAll("\r", "").trimEnd();
}
