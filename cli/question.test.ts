import { describe, expect, it } from "vitest";
import { UsageError } from "./command.ts";
import { readQuestion } from "./question.ts";

const MODEL = { model: "tessera-tiny" };

describe("readQuestion", () => {
  it("takes images first and the question last", () => {
    expect(readQuestion(["a.png", "https://example.com/b.jpg", "What are these?"], MODEL)).toEqual({
      images: ["a.png", "https://example.com/b.jpg"],
      text: "What are these?",
      sampling: MODEL,
    });
  });

  it("leaves out what was not given, so that the model's own defaults hold", () => {
    expect(Object.keys(readQuestion(["Hello"], MODEL).sampling)).toEqual(["model"]);
    expect(readQuestion(["Hello"], { ...MODEL, maxTokens: 5, temperature: 0 }).sampling).toEqual({
      ...MODEL,
      max_tokens: 5,
      temperature: 0,
    });
  });

  it.each([
    [[], "there is no question"],
    [["  "], "there is no question"],
    [["package.json"], "'package.json' is an image"],
    [["docs"], "'docs' is a folder"],
    [["a.png", "https://example.com/b.jpg"], "is an image"],
    [["no-such-file.PNG"], "'no-such-file.PNG' is an image"],
  ])("refuses %j", (words, message) => {
    expect(() => readQuestion(words, MODEL)).toThrow(UsageError);
    expect(() => readQuestion(words, MODEL)).toThrow(message);
  });
});
