/** The playground's parts by what a visitor knows of them. */
import type { Locator, Page } from "playwright-core";

export class PlaygroundPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get question(): Locator {
    return this.page.locator("textarea");
  }

  get receipt(): Locator {
    return this.page.locator(".receipt");
  }

  get alert(): Locator {
    return this.page.getByRole("alert");
  }

  get finished(): Locator {
    return this.page.locator(".answer.done");
  }

  async ask(question: string): Promise<void> {
    await this.question.fill(question);
    await this.question.press("Enter");
  }

  /** Waits until this many answers are complete; gives their texts. */
  async answers(count: number): Promise<string[]> {
    await this.finished.nth(count - 1).waitFor();
    return this.page.locator(".answer.done .text").allInnerTexts();
  }

  /** A row of the receipt, as a number; waits until the server has counted. */
  async counted(row: "base" | "grid" | "newline" | "text" | "prompt" | "answer" | "cost"): Promise<number> {
    await this.page.locator('.receipt[aria-busy="false"] .cost td', { hasText: /\d/ }).waitFor();
    const text = await this.page.locator(`.receipt tr.${row} td`).first().textContent();
    return Number(text?.replaceAll(/[^\d.]/g, ""));
  }

  /** Where the tiles lie and the picture on them, in the canvas's pixels, read off the screen. */
  async drawn(): Promise<{ grid: number[]; tiles: number[][]; picture: number[] }> {
    await this.page.locator(".canvas .tile").first().waitFor();
    return this.page.locator(".canvas").evaluate((canvas) => {
      const svg = canvas.querySelector("svg");
      const picture = canvas.querySelector("img");
      if (!svg || !picture) throw new Error("Nothing is drawn.");
      const box = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / box.width;
      const inCanvas = ({ left, top, width, height }: DOMRect) =>
        [left - box.left, top - box.top, width, height].map((each) => each * scale);
      return {
        grid: [svg.viewBox.baseVal.width, box.height * scale],
        tiles: [...svg.querySelectorAll("rect")].map((tile) => {
          const corner = new DOMPoint(tile.x.baseVal.value, tile.y.baseVal.value);
          const end = new DOMPoint(corner.x + tile.width.baseVal.value, corner.y + tile.height.baseVal.value);
          const onScreen = tile.getScreenCTM() ?? new DOMMatrix();
          const [a, b] = [corner.matrixTransform(onScreen), end.matrixTransform(onScreen)];
          return inCanvas(new DOMRect(a.x, a.y, b.x - a.x, b.y - a.y));
        }),
        picture: inCanvas(picture.getBoundingClientRect()),
      };
    });
  }
}
