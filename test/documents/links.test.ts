/** Every link of the documents and of the served pages leads somewhere. */
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_KINDS } from "../../edge/errors.ts";
import { sharedProduct } from "../helpers/shared.ts";
import { PAGES, REPOSITORY, readPage } from "./pages.ts";

const ROOMS = /^(?:core|vision|edge|web|gpu-worker|models|cli|start|migrations|test|bench|docs|infra)\//;

/** Why a link leads nowhere, or null. Of what lies outside only the form is looked at. */
function fault(page: string, link: string): string | null {
  if (/^[a-z]+:/.test(link))
    return /^https:\/\/[\w.-]+\.[a-z]+(?:\/|$)/.test(link) ? null : "it is not https";
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (target.startsWith("..") || !existsSync(join(REPOSITORY, target))) return "there is no such file";
  if (anchor === undefined) return null;
  return readPage(target).anchors.has(anchor) ? null : "there is no such anchor";
}

describe.each(PAGES)("%s", (path) => {
  const page = readPage(path);

  it("has links that lead somewhere", () => {
    const faults = page.links.map((link) => [link, fault(path, link)]).filter(([, why]) => why !== null);
    expect(faults).toEqual([]);
  });

  it("names files that there are", () => {
    const files = page.names.filter((name) => ROOMS.test(name) && /^[\w./-]+$/.test(name));
    expect(files.filter((name) => !existsSync(join(REPOSITORY, name)))).toEqual([]);
  });

  it("names its snippets' languages", () => {
    expect(page.snippets.filter(({ language }) => language === "").map(({ line }) => line)).toEqual([]);
  });
});

it("README.md leads to every page of docs/", () => {
  const { links } = readPage("README.md");
  const missing = PAGES.filter((page) => page.startsWith("docs/")).filter(
    (page) => !links.some((link) => link.split("#")[0] === page),
  );
  expect(missing).toEqual([]);
});

it("docs/errors.md has an anchor for every code", () => {
  const { anchors } = readPage("docs/errors.md");
  expect(Object.keys(ERROR_KINDS).filter((code) => !anchors.has(code))).toEqual([]);
});

describe.each(["/", "/account", "/docs"])("the page at %s", (path) => {
  it("has links that the product answers", async () => {
    const { url } = sharedProduct();
    const html = await (await fetch(new URL(path, url))).text();
    // As HTML has them, and as the page's script does.
    const links = new Set(
      Array.from(html.matchAll(/\b(?:href|src)(?:=|:\s*)["'`]([^"'`]+)["'`]/g), ([, link = ""]) => link),
    );
    expect(links.size).toBeGreaterThan(0);
    for (const link of links) {
      const target = new URL(link, new URL(path, url));
      if (target.protocol === "data:") continue;
      expect(target.origin, link).toBe(new URL(url).origin);
      expect((await fetch(target)).status, link).toBe(200);
    }
  });
});
