/** What a visitor does in the playground, in a real browser against the real product. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { tile } from "../../cli/tile.ts";
import { planTiles } from "../../core/anyres.ts";
import { findModel } from "../../core/models.ts";
import { EXAMPLES } from "../helpers/examples.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";
import { PlaygroundPage } from "./playground-page.ts";
import { drop, visits } from "./visit.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const GOLDEN = join(REPOSITORY, "test/golden/images");
const [STAR, THREE] = EXAMPLES;

const open = visits();

/** Canvas pixels; the browser lays out in fractions of a screen pixel. */
function close(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index]! - value), `${actual} for ${expected}`).toBeLessThan(0.5);
  }
}

describe("a picture", () => {
  it.each([
    ["j-1128x235.jpg", "tessera-tiny"],
    ["j-exif6.jpg", "tessera-tiny"],
    ["j-tall.jpg", "llava-v1.6-34b"],
    ["p-3x1500.png", "tessera-tiny"],
    ["w-lossy.webp", "llava-v1.6-mistral-7b"],
    ["g-plain.gif", "tessera-tiny"],
  ])("%s that is dropped is cut on the screen where `tessera tile` cuts it for %s", async (name, id) => {
    const account = await newAccount();
    const file = join(GOLDEN, name);
    const [report] = await Array.fromAsync(
      tile([file], { model: id, policy: "default", pinpoints: "model" }),
    );
    const model = findModel(id);
    if (!report || "error" in report || !model) throw new Error("There is nothing to compare with.");
    const { page } = await open({ key: account.key, path: `/#model=${id}` });
    const playground = new PlaygroundPage(page);
    await drop(page, file, "image/jpeg");

    const { grid, tiles, picture } = await playground.drawn();
    close(grid, report.grid);
    const side = model.geometry.tile;
    const columns = report.grid[0] / side;
    expect(tiles).toHaveLength(report.tiles.length - 1);
    for (const [index, drawn] of tiles.entries()) {
      close(drawn, [(index % columns) * side, Math.floor(index / columns) * side, side, side]);
    }
    const { pad } = planTiles(report.width, report.height, model.geometry);
    close(picture, [pad[0], pad[1], ...report.resized]);

    const parts = await Promise.all(
      (["base", "grid", "newline"] as const).map((row) => playground.counted(row)),
    );
    expect(parts.reduce((sum, part) => sum + part)).toBe(report.image_tokens);
  });

  it("can be chosen, pasted or taken from the samples, and is drawn before there is a key", async () => {
    const { page, requests } = await open();
    const playground = new PlaygroundPage(page);
    await page.locator("input[type=file]").setInputFiles(STAR!.path);
    close((await playground.drawn()).grid, [672, 672]);
    await page.getByRole("button", { name: "Hearts" }).click();
    await expect.poll(() => playground.question.inputValue()).toBe("How many hearts are there?");
    // What somebody has typed stays, whichever picture they look at.
    await playground.question.fill("Is it my own?");
    await page.getByRole("button", { name: "A star" }).click();
    await page.locator(".samples button[aria-pressed=true] img[alt='A star']").waitFor();
    expect(await playground.question.inputValue()).toBe("Is it my own?");
    await page.getByRole("button", { name: "Remove" }).click();
    expect(await page.locator(".canvas").count()).toBe(0);
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([1, 2])], "some.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
    });
    await page.getByText("This browser can't show the picture").waitFor();
    expect(requests.filter((request) => request.url().includes("/v1/"))).toEqual([]);
  });
});

describe("a question", () => {
  it("is counted before anything is spent, answered as a stream, and followed by others about the one upload", async () => {
    const account = await newAccount();
    const { page, requests } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await drop(page, THREE!.path, "image/png");
    await playground.question.fill(THREE!.question);
    const promised = await playground.counted("prompt");
    const ceiling = await playground.counted("cost");
    expect((await account.ledger()).charged).toBe(0);

    await playground.question.press("Enter");
    expect(await playground.answers(1)).toEqual([THREE!.answer]);
    const line = await page.locator(".answer .usage").textContent();
    expect(line).toContain("✓ equals the receipt");
    expect(line).toMatch(/first token after [\d.]+ m?s/);
    expect(line).toMatch(/[\d.]+ tokens\/s/);
    expect(line).toContain(`${promised} + `);
    const { charged } = await account.settledLedger();
    expect(line).toContain(`${charged / 1e6} of at most ${ceiling} credits`);
    expect(charged / 1e6).toBeLessThanOrEqual(ceiling);

    await playground.ask("What color is the ring?");
    expect(await playground.answers(2)).toEqual([THREE!.answer, "Purple."]);
    expect(await page.locator(".agrees").count()).toBe(2);
    const uploads = requests.filter((request) => request.method() === "PUT");
    expect(uploads).toHaveLength(1);
    const asked = requests.filter((request) => request.url().endsWith("/v1/chat/completions"));
    const last = asked.at(-1)?.postData() ?? "";
    expect(last).toContain(uploads[0]?.url().split("/").at(-1));
    expect(last).toContain(THREE!.question);
    expect(last).not.toContain("base64");
  });

  it("is never shown with the count of an earlier one", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await playground.question.fill("Short?");
    const short = await playground.counted("prompt");
    const asTyped = await playground.question.evaluate(async (question: HTMLTextAreaElement) => {
      question.value = "How many tokens does this much longer question take?";
      question.dispatchEvent(new InputEvent("input", { bubbles: true }));
      // The page is drawn anew in a microtask, before any paint.
      await new Promise<void>((resolve) => setTimeout(resolve));
      return document.querySelector(".receipt")?.ariaBusy;
    });
    expect(asTyped).toBe("true");
    expect(await playground.counted("prompt")).toBeGreaterThan(short);
  });

  it("goes to two models, and one that is cold takes nothing from the other's answer", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await drop(page, STAR!.path, "image/png");
    await page.getByRole("button", { name: "Compare two models" }).click();
    await playground.ask(STAR!.question);
    expect(await playground.answers(1)).toEqual([STAR!.answer]);
    await page.getByText("This model is cold").waitFor();
    expect(await page.locator(".receipt thead th").allInnerTexts()).toEqual([
      "tessera-tiny",
      "llava-v1.6-34b",
    ]);
    // Each model goes on with what it has answered itself.
    await playground.ask("How many stars are there?");
    await playground.answers(2);
    expect((await account.settledLedger()).charged).toBeGreaterThan(0);
  });

  it("comes back as a link without the key, with the dropped picture for whoever has the account's key", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await drop(page, join(GOLDEN, "j-336.jpg"), "image/jpeg");
    await playground.question.fill("What is this & that?");
    await playground.counted("prompt");
    await page.getByRole("button", { name: "Copy a link" }).click();
    await page.getByText("Link copied").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).not.toContain(account.key);

    const { pathname, hash } = new URL(link);
    // A wrong key at first costs nothing: the right one brings the picture.
    const late = await open({ path: pathname + hash, key: "tsr_nonsense" });
    await late.page.getByText("The server does not know this key.").first().waitFor();
    await late.page.getByRole("button", { name: "Forget" }).click();
    await late.page.getByLabel("API key").fill(account.key);
    await late.page.getByRole("button", { name: "Use" }).click();
    await new PlaygroundPage(late.page).drawn();
    expect(await late.page.getByRole("alert").count()).toBe(0);

    const again = await open({ path: pathname + hash, key: account.key });
    const copy = new PlaygroundPage(again.page);
    await copy.drawn();
    expect(await copy.question.inputValue()).toBe("What is this & that?");
  });

  it("is copied as code that answers the same when it is run", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await drop(page, STAR!.path, "image/png");
    await playground.ask("It's a drawing. What color is the star?");
    const [answer] = await playground.answers(1);
    const env = { ...process.env, TESSERA_API_KEY: account.key };
    const copied = async (kind: string) => {
      await page.getByText(kind, { exact: true }).click();
      await page.getByRole("button", { name: "Copy", exact: true }).click();
      await page.getByText("Copied.").waitFor();
      const code = await page.evaluate(() => navigator.clipboard.readText());
      expect(code).not.toContain(account.key);
      return code;
    };
    const run = promisify(execFile);
    const curl = await run("sh", ["-c", await copied("curl")], { env });
    expect(curl.stdout).toContain(JSON.stringify(answer));
    const node = ["--input-type=module", "--eval", await copied("JavaScript")];
    expect((await run(process.execPath, node, { env, cwd: REPOSITORY })).stdout).toBe(answer);
    expect(await copied("Python")).toContain("from openai import OpenAI");
  });

  it("is put into the field in words that the small model knows", async () => {
    const { page } = await open({});
    const form = page.getByRole("button", { name: "How many shapes are there?" });
    await form.click();
    expect(await new PlaygroundPage(page).question.inputValue()).toBe("How many shapes are there?");
    await page.getByLabel("Model").selectOption("llava-v1.6-34b");
    await form.waitFor({ state: "detached" });
  });

  it("can be stopped, and asked again", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    await drop(page, STAR!.path, "image/png");
    await page.route("**/v1/chat/completions", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue().catch(() => undefined);
    });
    await playground.ask(STAR!.question);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    expect(await playground.answers(1)).toEqual([STAR!.answer]);
  });
});

describe("the key", () => {
  it("leaves the address at once, and is gone with the tab unless the visitor says otherwise", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    expect(page.url()).toBe(`${sharedProduct().url}/`);
    const kept = () =>
      page.evaluate(() => ({ tab: Object.values(sessionStorage), browser: Object.values(localStorage) }));
    expect(await kept()).toEqual({ tab: [account.key], browser: [] });
    await page.reload();
    await page.getByText("until this tab is closed").waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    expect(await kept()).toEqual({ tab: [], browser: [] });

    await page.getByLabel("API key").fill(account.key);
    await page.getByLabel("Keep it in this browser").check();
    await page.getByRole("button", { name: "Use" }).click();
    expect(await kept()).toEqual({ tab: [], browser: [account.key] });
    expect(await page.content()).not.toContain(account.key);
  });

  it("is never in what the server sends", async () => {
    const { page } = await open();
    await page.getByLabel("API key").waitFor();
    const html = await (await fetch(sharedProduct().url)).text();
    expect(html).not.toContain(sharedProduct().apiKey);
    expect(html).not.toMatch(/tsr_\w{20}/);
  });
});
