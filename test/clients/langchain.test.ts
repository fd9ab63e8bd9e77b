/** LangChain's OpenAI integration, unmodified, against the running product. */
import { HumanMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EXAMPLE } from "../helpers/examples.ts";
import { dataUrl } from "../helpers/picture.ts";
import { MODEL } from "../helpers/question.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

function chat(apiKey: string): ChatOpenAI {
  return new ChatOpenAI({
    model: MODEL,
    apiKey,
    configuration: { baseURL: `${sharedProduct().url}/v1` },
  });
}

/** `AIMessage`'s type leaves these out where its generic message structure is not named. */
const counted = z.object({
  usage_metadata: z.object({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() }),
});

const messages = [
  new HumanMessage({
    content: [
      { type: "image_url", image_url: { url: dataUrl(EXAMPLE.bytes) } },
      { type: "text", text: EXAMPLE.question },
    ],
  }),
];

describe("@langchain/openai", () => {
  it("asks about an image, and counts", async () => {
    const account = await newAccount();
    const answer = await chat(account.key).invoke(messages);
    expect(answer.text).toBe(EXAMPLE.answer);
    const { input_tokens, output_tokens, total_tokens } = counted.parse(answer).usage_metadata;
    expect(input_tokens).toBeGreaterThan(100);
    expect(total_tokens).toBe(input_tokens + output_tokens);
  });

  it("streams the same text, with usage", async () => {
    const account = await newAccount();
    const chunks = await Array.fromAsync(await chat(account.key).stream(messages));
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.map(({ text }) => text).join("")).toBe(EXAMPLE.answer);
    const [usage] = chunks.flatMap((chunk) => counted.safeParse(chunk).data?.usage_metadata ?? []);
    expect(usage?.input_tokens).toBeGreaterThan(100);
  });

  it("reports a wrong key", async () => {
    const error = await chat("tsr_wrong")
      .invoke(messages)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
  });
});
