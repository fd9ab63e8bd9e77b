/**
 * How soon the playground is there: a cold browser profile loads it from the product as `npm start` runs it. Times
 * count from the navigation's start: the first content painted, and the moment when the question can be typed. The
 * baseline is the first paint of one line of text by the same server, from visits in between.
 */
import type { Browser } from "playwright-core";
import { z } from "zod";
import { launchChromium } from "../test/browser/chromium.ts";
import { Product, temporaryHome } from "../test/helpers/product.ts";
import type { Outcome } from "./benchmark.ts";
import { round, summary } from "./statistics.ts";

const ROUNDS = 20;

/** Milliseconds since the navigation began. */
const milliseconds = z.number().min(0);

/** Runs in the page before its own script: notes when the question's field, handlers attached, is in the document. */
const WATCH = `
  new MutationObserver((_, observer) => {
    if (!document.querySelector("textarea")) return;
    observer.disconnect();
    performance.mark("ready");
  }).observe(document, { childList: true, subtree: true });
`;

/** The time of one of the browser's marks, once it is there. */
const timeOf = (mark: "first-contentful-paint" | "ready") => `new Promise((resolve) => {
  const look = () => {
    const [entry] = performance.getEntriesByName("${mark}");
    if (entry) resolve(entry.startTime);
    else requestAnimationFrame(look);
  };
  look();
})`;

export async function run(report: (line: string) => void): Promise<Outcome> {
  const { home, remove } = temporaryHome();
  report("starting the product and the browser");
  const product = await Product.start(home);
  const browser = await launchChromium();
  const { url } = product.address;
  const playground = () => visit(browser, url, ["first-contentful-paint", "ready"]);
  const line = () => visit(browser, `${url}/healthz`, ["first-contentful-paint"]);
  try {
    // The first page of a browser's life also starts its processes.
    await playground();
    report(`${ROUNDS} visits, each with an empty cache`);
    const paint: number[] = [];
    const ready: number[] = [];
    const baseline: number[] = [];
    for (let count = 0; count < ROUNDS; count++) {
      const [painted, typed] = await playground();
      const [least] = await line();
      paint.push(painted!);
      ready.push(typed!);
      baseline.push(least!);
    }
    return {
      figures: {
        browser: browser.version(),
        first_contentful_paint_ms: summary(paint),
        ready_ms: summary(ready),
        baseline: "first contentful paint of /healthz",
        baseline_ms: summary(baseline),
      },
      ratios: { paint_vs_line: round(summary(paint).p50 / summary(baseline).p50) },
    };
  } finally {
    await browser.close();
    await product.stop();
    remove();
  }
}

/** Loads an address in a profile of its own; gives the marks' times. */
async function visit(
  browser: Browser,
  address: string,
  marks: readonly Parameters<typeof timeOf>[0][],
): Promise<number[]> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    await page.goto(address);
    return await Promise.all(
      marks.map(async (mark) => milliseconds.parse(await page.evaluate(timeOf(mark)))),
    );
  } finally {
    await context.close();
  }
}
