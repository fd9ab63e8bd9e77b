/** The pages for everyone: in Chinese, in the dark, on a phone, without a mouse, with a screen reader. */
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { newAccount } from "../helpers/shared.ts";
import { overflow, seriousFaults } from "./faults.ts";
import { PlaygroundPage } from "./playground-page.ts";
import { drop, visits } from "./visit.ts";

const open = visits();

describe("the playground", () => {
  it("speaks Chinese to whom the browser says so, and either language to whom asks", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key, locale: "zh-CN" });
    const playground = new PlaygroundPage(page);
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-Hans");
    await page.getByRole("button", { name: "一颗星" }).click();
    await playground.ask("星形是什么颜色？");
    expect(await playground.answers(1)).toEqual(["红色。"]);
    expect(await page.locator(".answer .usage").textContent()).toContain("与明细一致");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { name: "Ask about a picture" }).waitFor();
    // Nothing is lost by reading on in another language.
    expect(await playground.answers(1)).toEqual(["红色。"]);
  });

  it("can be used with the keyboard alone", async () => {
    const account = await newAccount();
    const { page } = await open({ key: account.key });
    const playground = new PlaygroundPage(page);
    const focusOn = async (matches: string) => {
      for (let pressed = 0; pressed < 40; pressed++) {
        await page.keyboard.press("Tab");
        const there = await page.evaluate((each) => document.activeElement?.matches(each), matches);
        if (there) return;
      }
      throw new Error(`The keyboard does not reach ${matches}.`);
    };
    await focusOn("input[type=file]");
    await focusOn(".samples button");
    await page.keyboard.press("Enter");
    await playground.drawn();
    // The sample brings its question and the focus with it.
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
    await page.keyboard.press("Shift+Enter");
    expect(await playground.question.inputValue()).toContain("\n");
    await page.keyboard.press("Enter");
    await playground.answers(1);
    await focusOn(".composer summary");
    await page.keyboard.press("Enter");
    await focusOn(".options input[type=number]");
    await focusOn(".segments input");
    await page.keyboard.press("ArrowRight");
    await page.locator(".snippets code", { hasText: "import OpenAI" }).waitFor();
  });

  const looks = [
    { name: "light", options: {} },
    { name: "dark", options: { colorScheme: "dark" } },
    { name: "a phone", options: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } },
    {
      name: "a dark phone in Chinese",
      options: {
        viewport: { width: 360, height: 740 },
        isMobile: true,
        colorScheme: "dark",
        locale: "zh-CN",
      },
    },
  ] as const;

  it.each(looks)(
    "has no serious fault and no sideways scrolling in $name: empty, answered, failed",
    async (look) => {
      const account = await newAccount();
      const empty = await open(look.options);
      expect(await seriousFaults(empty.page)).toEqual([]);
      expect(await overflow(empty.page)).toBe(0);

      const { page } = await open({
        ...look.options,
        key: account.key,
        path: "/#model=tessera-tiny&model=llava-v1.6-34b",
      });
      const playground = new PlaygroundPage(page);
      await drop(page, EXAMPLE.path, "image/png");
      await playground.ask(EXAMPLE.question);
      await playground.answers(1);
      await playground.alert.waitFor();
      await page.locator("summary").click();
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    },
  );

  it("is dark where the system is", async () => {
    const lightness = async (colorScheme: "light" | "dark") => {
      const { page } = await open({ colorScheme });
      return page.evaluate(() => {
        const [red = 0, green = 0, blue = 0] =
          getComputedStyle(document.body).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
        return (red + green + blue) / 3;
      });
    };
    expect(await lightness("light")).toBeGreaterThan(200);
    expect(await lightness("dark")).toBeLessThan(60);
  });
});
