import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildPages } from "./build.ts";

/** What a visitor on a slow line may be asked to load, for all pages together. */
const MOST_BYTES = 60_000;

it("builds pages that are small, and ask nobody else for anything", async () => {
  const html = await buildPages();
  expect(gzipSync(html).length).toBeLessThan(MOST_BYTES);
  const hosts = new Set([...html.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host));
  // The namespaces of SVG and MathML, and the place of an image in an example.
  for (const known of ["www.w3.org", "example.com"]) hosts.delete(known);
  expect([...hosts]).toEqual([]);
  // The style sheet's and the script's, and nothing else that the edge could fill by mistake.
  expect(html.split("%nonce%")).toHaveLength(3);
});
