import { describe, expect, it } from "vitest";
import { UsageError } from "./command.ts";
import { readQuestion } from "./question.ts";

describe("readQuestion", () => {
  it("takes pictures first and the question last", () => {
    const question = readQuestion(["a.png", "https://example.com/b.jpg", "What are these?"]);
    expect(question).toMatchObject({
      images: ["a.png", "https://example.com/b.jpg"],
      text: "What are these?",
      sampling: { model: "tessera-tiny" },
      json: false,
    });
  });

  it("takes options anywhere", () => {
    const argv = [
      "--model",
      "llava-v1.6-34b",
      "a.png",
      "--max-tokens=5",
      "What?",
      "--temperature",
      "0.5",
      "--json",
    ];
    expect(readQuestion(argv)).toMatchObject({
      images: ["a.png"],
      sampling: { model: "llava-v1.6-34b", max_tokens: 5, temperature: 0.5 },
      json: true,
    });
  });

  it("leaves out what was not given, so that the model's own defaults hold", () => {
    expect(Object.keys(readQuestion(["Hello"]).sampling)).toEqual(["model"]);
  });

  it.each([
    [[], "there is no question"],
    [["  "], "there is no question"],
    [["package.json"], "'package.json' is a picture"],
    [["a.png", "https://example.com/b.jpg"], "is a picture"],
    [["What?", "--max-tokens", "many"], "--max-tokens needs a number, not 'many'"],
    [["What?", "--max-tokens", ""], "--max-tokens needs a number"],
    [["What?", "--colour"], "Unknown option '--colour'"],
    [["What?", "--model"], "--model"],
  ])("refuses %j", (argv, message) => {
    expect(() => readQuestion(argv)).toThrow(UsageError);
    expect(() => readQuestion(argv)).toThrow(message);
  });
});
