/** The API reference at /docs, as a visitor sees it. */
import { expect, it } from "vitest";
import { visits } from "./visit.ts";

const open = visits();

it("shows each error code at an address of its own, and operations with examples", async () => {
  const { page } = await open({ path: "/docs" });
  await page.getByRole("heading", { name: "no_worker" }).waitFor({ state: "attached" });
  expect(await page.locator("[id$='description/no-worker']").count()).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Ask about images" }).first().click();
  await page.getByText("What color is the square?").first().waitFor({ state: "attached" });
});
