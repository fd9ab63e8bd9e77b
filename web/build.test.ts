import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildPages } from "./build.ts";

/** What a visitor on a slow line may be asked to load, for all pages together. */
const MOST_BYTES = 60_000;

it("builds pages that are small together, and ask nobody else for anything", async () => {
  const pages = await buildPages();
  let bytes = 0;
  for (const [name, html] of pages) {
    bytes += gzipSync(html).length;
    const hosts = new Set([...html.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host));
    // The namespaces of SVG and MathML, and the place of a picture in an example.
    for (const known of ["www.w3.org", "example.com"]) hosts.delete(known);
    expect([name, ...hosts]).toEqual([name]);
    // The holes of the edge, and nothing else that it could fill by mistake.
    expect(html.split("%nonce%")).toHaveLength(3);
  }
  expect(bytes).toBeLessThan(MOST_BYTES);
});
