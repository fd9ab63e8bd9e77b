/** The committed example pictures, answered by the model that is committed with them. */
import { describe, expect, it } from "vitest";
import { EXAMPLES } from "../helpers/examples.ts";
import { question, textOf } from "../helpers/question.ts";
import { newAccount } from "../helpers/shared.ts";
import { readStream } from "../helpers/stream.ts";

describe("the example pictures", () => {
  it.each(EXAMPLES)("$question → $answer", async ({ question: text, bytes, answer }) => {
    const account = await newAccount();
    const body = question(text, bytes);
    expect(textOf(await account.ask(body))).toBe(answer);
    const streamed = await account.post(
      "/v1/chat/completions",
      { ...body, stream: true },
      { "cache-control": "no-store" },
    );
    expect((await readStream(streamed)).text).toBe(answer);
  });
});
