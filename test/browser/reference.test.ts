/** The API reference at /docs, as a visitor sees it. */
import { expect, it, vi } from "vitest";
import { visits } from "./visit.ts";

const open = visits();
vi.setConfig({ testTimeout: 180_000 });

it("shows each error code at an address of its own, and operations with examples", async () => {
  const { page } = await open({ path: "/docs" });
  await page.getByRole("heading", { name: "no_worker" }).waitFor({ state: "attached" });
  expect(await page.locator("[id$='description/no-worker']").count()).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Ask about images" }).first().click();
  await page.getByText("What color is the square?").first().waitFor({ state: "attached" });
});

it("shows a first request to the server that shows it", async () => {
  const { page } = await open({ path: "/docs" });
  const line = page.getByText(/curl .*\/v1\/chat\/completions/).first();
  await line.waitFor({ state: "attached" });
  expect(await line.textContent()).toContain(`curl ${new URL(page.url()).origin}/v1/chat/completions`);
});

it("names each error code in its menu as it is written", async () => {
  const { page } = await open({ path: "/docs" });
  await page.getByRole("button", { name: "Open Group - Introduction" }).click();
  await page.getByRole("button", { name: "Open Group - Errors" }).click();
  const { ERROR_KINDS } = await import("../../edge/errors.ts");
  const links = page.locator("a[href^='#description/']");
  await links.filter({ hasText: /^internal_error$/ }).waitFor({ state: "attached" });
  const shown = await links.evaluateAll((all) =>
    all.map((link) => [link.textContent?.trim(), link.getAttribute("href")]),
  );
  const codes = Object.keys(ERROR_KINDS);
  expect(shown.slice(-codes.length)).toEqual(
    codes.map((code) => [code, `#description/${code.replaceAll("_", "-")}`]),
  );
});

it("opens at the place of the error code that its address names", async () => {
  const { page } = await open({ path: "/docs#description/context-length-exceeded" });
  const heading = page.getByRole("heading", { name: "context_length_exceeded" });
  await heading.waitFor();
  await expect
    .poll(() => heading.evaluate((each) => each.getBoundingClientRect().top), { timeout: 60_000 })
    .toBeLessThan(450);
  expect(await heading.evaluate((each) => each.getBoundingClientRect().bottom)).toBeGreaterThan(0);
});
