/** Visits of the product's pages, each in a browser profile of its own. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Browser, BrowserContextOptions, Page, Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { sharedProduct } from "../helpers/shared.ts";
import { launchChromium } from "./chromium.ts";

export interface Visit {
  readonly page: Page;
  /** What the page has asked any server for, the oldest first. */
  readonly requests: readonly Request[];
}

interface VisitOptions extends BrowserContextOptions {
  /** With its fragment. */
  readonly path?: string;
  /** Put into the address as `npm start` does. */
  readonly key?: string;
  /** Another way to the product. */
  readonly origin?: string;
}

type Open = (options?: VisitOptions) => Promise<Visit>;

/**
 * Opens pages for the tests of one file. After each test it is asserted of every visit that no request left the page's
 * origin, that no script failed, and that the content security policy had nothing to refuse.
 */
export function visits(): Open {
  let browser: Browser;
  const faults: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(faults.splice(0)).toEqual([]);
  });

  return async ({ path = "/", key, origin = sharedProduct().url, ...options } = {}) => {
    const context = await browser.newContext({
      locale: "en-US",
      viewport: { width: 1280, height: 900 },
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    // The reference's script takes its time on a busy machine.
    context.setDefaultNavigationTimeout(90_000);
    const page = await context.newPage();
    const requests: Request[] = [];
    page.on("request", (request) => {
      requests.push(request);
      const { protocol, origin: target } = new URL(request.url());
      const isLocal = protocol === "data:" || protocol === "blob:" || target === origin;
      if (!isLocal) faults.push(`A request left the origin: ${request.url()}`);
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) faults.push(message.text());
    });
    const address = new URL(path, origin);
    if (key !== undefined) address.hash = `${address.hash.slice(1)}&key=${key}`.replace(/^&/, "");
    await page.goto(address.href);
    return { page, requests };
  };
}

/** Drops a file on the page, as from a desktop. */
export async function drop(page: Page, path: string, type = ""): Promise<void> {
  const data = readFileSync(path).toString("base64");
  const transfer = await page.evaluateHandle(
    async ({ data, name, type }) => {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    },
    { data, name: basename(path), type },
  );
  await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
}
