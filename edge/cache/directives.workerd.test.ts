import { expect, it } from "vitest";
import { readCacheDirectives } from "./directives.ts";

it.each([
  [undefined, { read: true, write: true }],
  ["max-age=0", { read: true, write: true }],
  ["no-cache", { read: false, write: true }],
  ["no-store", { read: false, write: false }],
  ["No-Cache, no-store", { read: false, write: false }],
])("reads Cache-Control: %s", (header, directives) => {
  expect(readCacheDirectives(header)).toEqual(directives);
});
