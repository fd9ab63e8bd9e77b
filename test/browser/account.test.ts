/** The account page, in a real browser against the real product. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { dataUrl } from "../helpers/picture.ts";
import { MODEL, question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { overflow, seriousFaults } from "./faults.ts";
import { visits } from "./visit.ts";

const open = visits();

function part(page: Page, heading: string) {
  return page.locator("section", { has: page.getByRole("heading", { name: heading }) });
}

function askAboutExample(account: Account) {
  return account.ask(question(EXAMPLE.question, dataUrl(EXAMPLE.bytes)));
}

describe("the account page", () => {
  it("plots what was charged, and lists its receipts", async () => {
    const account = await newAccount();
    const { id, usage } = await askAboutExample(account);
    await askAboutExample(account);
    const { page } = await open({ path: "/account", key: account.key });
    const credits = String(usage.cost_microcredits / 1e6);
    await part(page, "Usage").getByText(`2 requests, ${credits} credits`).waitFor();
    const bars = page.locator(".plot rect");
    expect(await bars.count()).toBe(1);
    expect(await bars.locator("title").textContent()).toContain(`tessera-tiny: ${credits}`);
    await page.getByLabel("Measure").selectOption("Requests");
    await expect.poll(() => bars.locator("title").textContent()).toContain("tessera-tiny: 2");

    const rows = part(page, "Receipts").locator("tbody tr");
    expect(await rows.locator("td:nth-child(6)").allTextContents()).toEqual(["0", credits]);
    await rows.nth(1).getByRole("button").click();
    await rows.nth(1).getByText("Copied.").waitFor();
    const jws = await page.evaluate(() => navigator.clipboard.readText());
    const payload: unknown = JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString());
    expect(payload).toMatchObject({ request: id, cost_microcredits: usage.cost_microcredits });
  });

  it("makes a key with scopes and a budget that hold, shows it once, and revokes it", async () => {
    const account = await newAccount();
    const { page } = await open({ path: "/account", key: account.key });
    const keys = part(page, "Keys");
    await keys.getByText("Make a key").click();
    await keys.getByLabel("Name", { exact: true }).fill("website");
    await keys.getByLabel("usage:read").check();
    await keys.getByLabel("Credits a day").fill("0.0001");
    await keys.getByRole("button", { name: "Make the key" }).click();
    const secret = (await keys.locator(".made code").textContent()) ?? "";
    expect(secret).toMatch(/^tsr_\w+$/);
    await keys.getByText("today 0 of 0.0001").waitFor();
    await keys.getByRole("button", { name: "I have copied it" }).click();
    expect(await page.content()).not.toContain(secret);

    const withKey = (path: string, body?: object) =>
      account.fetch(path, {
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        ...(body && { method: "POST", body: JSON.stringify(body) }),
      });
    expect((await withKey("/v1/usage")).status).toBe(200);
    expect((await withKey("/v1/keys")).status).toBe(403);
    const body = question(EXAMPLE.question, dataUrl(EXAMPLE.bytes));
    expect(await (await withKey("/v1/chat/completions", body)).json()).toMatchObject({
      error: { code: "budget_exceeded" },
    });

    await keys.getByRole("button", { name: "Revoke website" }).click();
    await keys.getByRole("button", { name: "Keep it" }).click();
    expect((await withKey("/v1/usage")).status).toBe(200);
    await keys.getByRole("button", { name: "Revoke website" }).click();
    await keys.getByRole("button", { name: "Revoke for good" }).click();
    await expect.poll(() => keys.locator("tbody tr").count()).toBe(1);
    expect((await withKey("/v1/usage")).status).toBe(401);
  });

  it("shows a key with fewer scopes what it may see, and says of the rest which scope it needs", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({ name: "reader", scopes: ["usage:read"] });
    const { page } = await open({ path: "/account", key });
    await part(page, "Usage").getByText("No request has ended in this time.").waitFor();
    const refused = part(page, "Keys").getByRole("alert");
    await refused.getByText("This key may not do that.").waitFor();
    expect(await refused.textContent()).toContain("keys:write");
  });

  it("says that a key is unknown, and lets another be given", async () => {
    const account = await newAccount();
    const { page } = await open({ path: "/account", key: "tsr_nonsense" });
    await part(page, "Usage").getByText("The server does not know this key.").waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByLabel("API key").fill(account.key);
    await page.getByRole("button", { name: "Use" }).click();
    await part(page, "Usage").getByText("No request has ended").waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
  });

  it("finds a job by its id, cancels one that waits, and says when there is none", async () => {
    const account = await newAccount();
    const accept = async (model: string) => {
      const body = { ...question(EXAMPLE.question, dataUrl(EXAMPLE.bytes)), model };
      const accepted = await account.post("/v1/chat/completions", body, { prefer: "respond-async" });
      return accepted.headers.get("location")?.split("/").at(-1) ?? "";
    };
    const { page } = await open({ path: "/account", key: account.key });
    const jobs = part(page, "Jobs");
    const look = async (id: string) => {
      await jobs.getByLabel("A job's id").fill(id);
      await jobs.getByRole("button", { name: "Look it up" }).click();
      return jobs.locator(".job, .notice").textContent();
    };
    const answered = await accept(MODEL);
    await expect.poll(() => look(answered), { timeout: 20_000 }).toContain(EXAMPLE.answer);
    await look(await accept("llava-v1.6-vicuna-7b"));
    await jobs.getByRole("button", { name: "Cancel the job" }).click();
    await jobs.getByText("Canceled").waitFor();
    await look("job_none");
    await jobs.getByText("The account has no such job.").waitFor();
  });

  const looks = [
    { name: "light", options: {} },
    { name: "dark", options: { colorScheme: "dark" } },
    {
      name: "a phone in Chinese",
      options: { viewport: { width: 360, height: 740 }, isMobile: true, locale: "zh-CN" },
    },
  ] as const;

  it.each(looks)("has no serious fault and no sideways scrolling in $name", async ({ options }) => {
    const account = await newAccount();
    await askAboutExample(account);
    const { page } = await open({ ...options, path: "/account", key: account.key });
    await page.locator(".plot rect").waitFor();
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});
