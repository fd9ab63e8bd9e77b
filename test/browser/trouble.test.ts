/** What goes wrong is said in a sentence with what to do, and takes nothing from the visitor. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { PlaygroundPage } from "./playground-page.ts";
import { drop, visits } from "./visit.ts";

const GOLDEN = join(import.meta.dirname, "../golden/images");

const open = visits();

/** A playground with the example picture, and its question typed. */
async function prepared(options: Parameters<typeof open>[0]): Promise<PlaygroundPage> {
  const { page } = await open(options);
  const playground = new PlaygroundPage(page);
  await drop(page, EXAMPLE.path, "image/png");
  await playground.drawn();
  await playground.question.fill(EXAMPLE.question);
  return playground;
}

describe("the playground", () => {
  it("says that a key is unknown, and goes on with a right one", async () => {
    const account = await newAccount();
    const playground = await prepared({ key: "tsr_nonsense" });
    await playground.alert.getByText("The server does not know this key.").first().waitFor();
    await playground.page.getByRole("button", { name: "Forget" }).click();
    await playground.page.getByLabel("API key").fill(account.key);
    await playground.page.getByRole("button", { name: "Use" }).click();
    expect(await playground.question.inputValue()).toBe(EXAMPLE.question);
    await playground.question.press("Enter");
    expect(await playground.answers(1)).toEqual([EXAMPLE.answer]);
  });

  it("says at once that a typed key is unknown", async () => {
    const { page } = await open({});
    await page.getByLabel("API key").fill("tsr_nonsense");
    await page.getByRole("button", { name: "Use" }).click();
    await page.getByRole("alert").getByText("The server does not know this key.").waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByLabel("API key").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("says once what is wrong with a text that is called a picture", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const text = { name: "words.png", mimeType: "image/png", buffer: Buffer.from("no picture at all") };
    await page.getByLabel("Drop a picture here").setInputFiles(text);
    await page.getByText("This kind of picture can't be read.").waitFor();
    await page.getByText("words.png").first().waitFor();
    expect(await page.getByText("The server may still read it").count()).toBe(0);
  });

  it("asks for the key of whoever asks without one, and keeps the question", async () => {
    const account = await newAccount();
    const playground = await prepared({});
    await playground.question.press("Enter");
    await playground.alert.getByText("An API key is needed.").waitFor();
    await playground.page.getByLabel("API key").fill(account.key);
    await playground.page.getByRole("button", { name: "Use" }).click();
    await playground.page.getByRole("button", { name: "Try again" }).click();
    expect(await playground.answers(1)).toEqual([EXAMPLE.answer]);
  });

  it("says that the balance is too small, what may be done, and that nothing was charged", async () => {
    const account = await newAccount(10);
    const playground = await prepared({ key: account.key });
    await playground.question.press("Enter");
    await playground.alert.getByText("The balance does not cover what this may cost at most.").waitFor();
    await playground.page.getByRole("button", { name: "Edit the question" }).click();
    expect(await playground.question.inputValue()).toBe(EXAMPLE.question);
    expect((await account.settledLedger()).charged).toBe(0);
  });

  it.each([
    ["x-bmp.bmp", "image/bmp", "This kind of picture can't be read."],
    ["x-trunc.jpg", "image/jpeg", "The file ends before its picture does."],
    ["x-huge-sof.jpg", "image/jpeg", "The picture has too many pixels."],
    ["x-empty.png", "image/png", "The file is empty."],
  ])("says why %s is refused, and keeps the question", async (name, type, sentence) => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await playground.question.fill("What is it?");
    await drop(page, join(GOLDEN, name), type);
    await playground.question.press("Enter");
    await playground.alert.getByText(sentence).first().waitFor();
    await drop(page, EXAMPLE.path, "image/png");
    await playground.drawn();
    await playground.ask(EXAMPLE.question);
    expect(await playground.answers(1)).toEqual([EXAMPLE.answer]);
  });

  it("says that what was dropped is no picture, and keeps the one before", async () => {
    const playground = await prepared({});
    await drop(playground.page, join(import.meta.dirname, "trouble.test.ts"), "text/plain");
    await playground.alert.getByText("This kind of picture can't be read.").waitFor();
    const meaning = playground.alert.getByRole("link", { name: "image_format_unsupported" });
    expect(await meaning.getAttribute("href")).toBe("/docs#description/image-format-unsupported");
    await playground.drawn();
  });

  it("keeps what had come when the connection is lost, says so, and asks again", async () => {
    const account = await newAccount();
    const proxy = await breakingProxy(sharedProduct().url);
    try {
      const playground = await prepared({ key: account.key, origin: proxy.origin });
      await playground.counted("prompt");
      proxy.breakNextAnswer();
      await playground.question.press("Enter");
      await playground.alert.getByText("The connection was lost in the middle of the answer.").waitFor();
      const came = (await playground.page.locator(".answer .text").textContent()) ?? "";
      expect(came.length).toBeGreaterThan(0);
      expect(EXAMPLE.answer.startsWith(came)).toBe(true);
      await account.settledLedger();

      await proxy.close();
      const unreachable = "The server can't be reached.";
      await playground.question.fill("And what else?");
      await playground.receipt.getByText(unreachable).waitFor();
      await playground.page.getByRole("button", { name: "Try again" }).click();
      await playground.page.getByRole("article").getByText(unreachable).waitFor();
      // Neither the question nor its receipt came through, for one reason.
      expect(await playground.alert.getByText(unreachable).count()).toBe(1);
      await playground.drawn();
      await playground.page.getByRole("button", { name: "Edit the question" }).click();
      expect(await playground.question.inputValue()).toBe(EXAMPLE.question);
    } finally {
      await proxy.close();
    }
  });

  it("says that a model is cold, and what to do", async () => {
    const account = await newAccount();
    const playground = await prepared({ key: account.key, path: "/#model=llava-v1.6-vicuna-7b" });
    await playground.question.press("Enter");
    const notice = playground.alert;
    await notice.getByText("This model is cold: no GPU worker serves it.").waitFor();
    expect(await notice.textContent()).toContain("Ask tessera-tiny");
    expect(await notice.textContent()).toContain("REPLICATE_API_TOKEN");
    // It can't help as long as the model is cold.
    expect(await notice.getByRole("button", { name: "Try again" }).count()).toBe(0);
    const meaning = notice.getByRole("link", { name: "no_worker" });
    expect(await meaning.getAttribute("href")).toBe("/docs#description/no-worker");
    expect(await meaning.getAttribute("target")).toBe("_blank");
    await playground.page.getByLabel("Model").selectOption("tessera-tiny");
    await playground.page.getByRole("button", { name: "Edit the question" }).click();
    await playground.question.press("Enter");
    expect(await playground.answers(1)).toEqual([EXAMPLE.answer]);
  });
});
