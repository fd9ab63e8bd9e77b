/** The worked example of docs/tokens-and-prices.md, computed again. What it prints is compared by snippets.test.ts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { planTiles } from "../../core/anyres.ts";
import { imageTokens } from "../../core/image-tokens.ts";
import { findModel } from "../../core/models.ts";
import { charge } from "../../core/price.ts";
import { REPOSITORY } from "./pages.ts";

const text = readFileSync(join(REPOSITORY, "docs/tokens-and-prices.md"), "utf8");
const model = findModel("llava-v1.6-34b")!;
const [width, height] = [640, 480];
const tokens = imageTokens(width, height, model.geometry);
const prompt = { imageTokens: tokens.total, textTokens: 27 };

/** A number as the page writes it. */
const written = (number: number) => number.toLocaleString("en-US");

it("has the example's rows", () => {
  const [columns, rows] = planTiles(width, height, model.geometry).features;
  const side = model.geometry.tile / model.geometry.patch;
  const cells = Array.from(text.matchAll(/^\| (\w[\w ]*?) +\| ([\d ×]*?) *\| ([\d,]+) +\|$/gm), (row) =>
    row.slice(1),
  );
  expect(cells).toEqual([
    ["base view", `${side} × ${side}`, written(tokens.base)],
    ["grid view", `${columns} × ${rows}`, written(tokens.grid)],
    ["newlines", String(rows), written(tokens.newline)],
    ["together", "", written(tokens.total)],
  ]);
});

it("has the example's costs", () => {
  const cost = (outputTokens: number) => charge(model.price, { ...prompt, outputTokens });
  const { maxTokens } = model.defaults;
  expect(text).toContain(`costs ${written(cost(0))} × ${model.price.imageToken} micro-credits`);
  expect(text).toContain(
    `${maxTokens} × ${model.price.outputToken} = ${written(cost(maxTokens) - cost(0))} more:\n${written(cost(maxTokens))}`,
  );
  expect(text).toContain(
    `An answer of 3 tokens costs ${written(cost(0))} + 3 × ${model.price.outputToken} = ${written(cost(3))}`,
  );
});
