/** The account page, in a real browser against the real product. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../helpers/account.ts";
import { EXAMPLE } from "../helpers/examples.ts";
import { dataUrl } from "../helpers/picture.ts";
import { until } from "../helpers/poll.ts";
import { question } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { WebhookReceiver } from "../helpers/webhook-receiver.ts";
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
    for (const [heading, scope] of [
      ["Keys", "keys:write"],
      ["Jobs", "jobs"],
      ["Webhooks", "webhooks:write"],
    ] as const) {
      await part(page, heading).getByText(`does not have the scope ${scope}`).waitFor();
    }
    expect(await page.getByRole("alert").count()).toBe(0);
    // It may see the balance, and knows itself.
    const standing = part(page, "reader");
    await standing.getByText("10", { exact: true }).waitFor();
    await standing.getByText("usage:read").waitFor();
  });

  it("asks nothing that fails of a new account", async () => {
    const account = await newAccount();
    const { page, requests } = await open({ path: "/account", key: account.key });
    await part(page, "Webhooks").first().getByText("go nowhere yet").waitFor();
    await page.waitForLoadState("networkidle");
    const asked = requests.map(async (request) => [request.url(), (await request.response())?.status()]);
    expect((await Promise.all(asked)).filter(([, status]) => status !== 200)).toEqual([]);
  });

  it("says that a key is unknown, and lets another be given", async () => {
    const account = await newAccount();
    const { page } = await open({ path: "/account", key: "tsr_nonsense" });
    await page.getByText("The server does not know this key.").waitFor();
    expect(await page.getByRole("alert").count()).toBe(1);
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByLabel("API key").fill(account.key);
    await page.getByRole("button", { name: "Use" }).click();
    await part(page, "Usage").getByText("No request has ended").waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
  });

  const acceptJob = async (account: Account, changes: object = {}) => {
    const body = { ...question(EXAMPLE.question, dataUrl(EXAMPLE.bytes)), ...changes };
    const accepted = await account.post("/v1/chat/completions", body, { prefer: "respond-async" });
    return accepted.headers.get("location")?.split("/").at(-1) ?? "";
  };
  const COLD = { model: "llava-v1.6-vicuna-7b" };

  it("lists jobs with their results, those of one status, and cancels one that waits", async () => {
    const account = await newAccount();
    const answered = await acceptJob(account);
    await account.settledLedger();
    await acceptJob(account, COLD);
    const { page } = await open({ path: "/account", key: account.key });
    const jobs = part(page, "Jobs");
    const lines = jobs.locator(".jobs summary");
    await expect.poll(() => lines.count()).toBe(2);
    expect(await lines.allInnerTexts()).toEqual([
      expect.stringContaining("In line"),
      expect.stringContaining("Succeeded"),
    ]);
    await lines.nth(1).click();
    await jobs.getByText(EXAMPLE.answer, { exact: true }).waitFor();
    await jobs.getByText(answered).waitFor();

    await jobs.getByLabel("Status").selectOption("In line");
    await expect.poll(() => lines.count()).toBe(1);
    await lines.click();
    await jobs.getByRole("button", { name: "Cancel the job" }).click();
    await jobs.getByText("No job stands so.").waitFor();
    await jobs.getByLabel("Status").selectOption("Canceled");
    await expect.poll(() => lines.allInnerTexts()).toEqual([expect.stringContaining(COLD.model)]);
  });

  it("lets a key that may only ask find a job by its id, and says when there is none", async () => {
    const account = await newAccount();
    const { key } = await account.makeKey({ name: "asker", scopes: ["infer"] });
    const { page } = await open({ path: "/account", key });
    const jobs = part(page, "Jobs");
    const look = async (id: string) => {
      await jobs.getByLabel("A job's id").fill(id);
      await jobs.getByRole("button", { name: "Look it up" }).click();
      return jobs.locator(".job, .notice").textContent();
    };
    const answered = await acceptJob(account);
    await expect.poll(() => look(answered), { timeout: 20_000 }).toContain(EXAMPLE.answer);
    await look("job_none");
    await jobs.getByText("The account has no such job.").waitFor();
  });

  it("changes a key's models and budget, by keyboard, and nothing else of it", async () => {
    const account = await newAccount();
    const made = await account.makeKey({ name: "website", budget: { day_microcredits: 5 } });
    const { page } = await open({ path: "/account", key: account.key });
    const change = part(page, "Keys").getByRole("button", { name: "Change website" });
    await change.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Change website" });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => change.evaluate((button) => button === document.activeElement)).toBe(true);

    await page.keyboard.press("Enter");
    await dialog.getByLabel("tessera-tiny").focus();
    await page.keyboard.press("Space");
    await dialog.getByLabel("Credits a day").fill("");
    await dialog.getByLabel("Credits a month").fill("2.5");
    await page.keyboard.press("Enter");
    await part(page, "Keys").getByText("this month 0 of 2.5").waitFor();
    const read: unknown = await (await account.fetch(`/v1/keys/${made.id}`)).json();
    expect(read).toMatchObject({
      name: "website",
      models: ["tessera-tiny"],
      scopes: ["infer", "jobs", "usage:read", "keys:write", "webhooks:write"],
      budget: { total_microcredits: null, day_microcredits: null, month_microcredits: 2_500_000 },
      expires_at: null,
    });
  });

  it("rotates a key, and goes on with the text of its own", async () => {
    const account = await newAccount();
    const made = await account.makeKey({ name: "website" });
    const { page } = await open({ path: "/account", key: account.key });
    const keys = part(page, "Keys");
    const status = async (key: string) =>
      (await account.fetch("/v1/key", { headers: { authorization: `Bearer ${key}` } })).status;
    const rotate = async (name: string, overlap: string) => {
      await keys.getByRole("button", { name: `Rotate ${name}` }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Its present text").selectOption(overlap);
      await dialog.getByRole("button", { name: "Rotate" }).click();
      const text = (await keys.locator(".made code").textContent()) ?? "";
      await keys.getByRole("button", { name: "I have copied it" }).click();
      return text;
    };
    const website = await rotate("website", "for an hour");
    expect([await status(made.key), await status(website)]).toEqual([200, 200]);
    const { name } = z.object({ name: z.string() }).parse(await (await account.fetch("/v1/key")).json());
    const own = await rotate(name, "no longer");
    expect([await status(account.key), await status(own)]).toEqual([401, 200]);
    expect(await page.evaluate(() => Object.values(sessionStorage))).toEqual([own]);
    await keys.locator("tbody tr").first().waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("sets where events go, shows what became of them, and sends one again", async () => {
    const account = await newAccount();
    await using receiver = await WebhookReceiver.open(410);
    await acceptJob(account, { webhook: receiver.url });
    await until("the refusal", () => receiver.received.length > 0);
    const { page } = await open({ path: "/account", key: account.key });
    const webhooks = part(page, "Webhooks").first();
    const event = webhooks.locator("tbody tr");
    await event.getByText("Given up").waitFor();
    await event.getByRole("button", { name: "Send again: job.succeeded" }).click();
    await until("the event once more", () => receiver.received.length > 1);
    await expect
      .poll(
        async () => {
          await webhooks.getByRole("button", { name: "Load again" }).click();
          return event.textContent();
        },
        { timeout: 20_000 },
      )
      .toContain("Delivered");

    await webhooks.getByLabel("Address").fill("https://10.0.0.8/hook");
    await webhooks.getByRole("button", { name: "Save" }).click();
    await webhooks.getByText("Events can't go to that address.").waitFor();
    await webhooks.getByLabel("Address").fill(receiver.url);
    await webhooks.getByLabel("Tell when").fill("100");
    await webhooks.getByRole("button", { name: "Save" }).click();
    // Ten credits are fewer: told at once.
    await until("the event", () => receiver.received.some(({ body }) => body.includes('"balance.low"')));
    await webhooks.getByRole("button", { name: "Send them nowhere" }).click();
    await webhooks.getByText("go nowhere yet").waitFor();
    expect(await (await account.fetch("/v1/webhooks")).json()).toMatchObject({ url: null });
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
    await using receiver = await WebhookReceiver.open(410);
    await acceptJob(account, { webhook: receiver.url });
    await until("the refusal", () => receiver.received.length > 0);
    await acceptJob(account, COLD);
    await account.makeKey({
      name: "website",
      models: ["tessera-tiny"],
      budget: { day_microcredits: 1_000_000, month_microcredits: 9_000_000 },
    });
    const { page } = await open({ ...options, path: "/account", key: account.key });
    await page.locator(".plot rect").waitFor();
    await page.locator(".jobs summary").nth(1).waitFor();
    await page.locator("h3").waitFor();
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    for (const label of [/^(Change|修改) website/, /^(Rotate|轮换) website/]) {
      await page.getByRole("button", { name: label }).click();
      await page.getByRole("dialog").waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await page.keyboard.press("Escape");
    }
  });
});
