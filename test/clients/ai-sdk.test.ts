/** Vercel's AI SDK with its OpenAI-compatible provider, unmodified, against the running product. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, type ModelMessage, streamText } from "ai";
import { describe, expect, it } from "vitest";
import { EXAMPLE } from "../helpers/examples.ts";
import { MODEL } from "../helpers/question.ts";
import { newAccount, sharedProduct } from "../helpers/shared.ts";

function provider(apiKey: string) {
  return createOpenAICompatible({
    name: "tessera",
    apiKey,
    baseURL: `${sharedProduct().url}/v1`,
    includeUsage: true,
  });
}

const messages: ModelMessage[] = [
  {
    role: "user",
    content: [
      { type: "text", text: EXAMPLE.question },
      { type: "image", image: EXAMPLE.bytes },
    ],
  },
];

describe("ai with @ai-sdk/openai-compatible", () => {
  it("generates text about an image", async () => {
    const account = await newAccount();
    const { text, usage, finishReason } = await generateText({
      model: provider(account.key)(MODEL),
      messages,
    });
    expect(text).toBe(EXAMPLE.answer);
    expect(finishReason).toBe("stop");
    expect(usage.inputTokens).toBeGreaterThan(100);
    expect(usage.totalTokens).toBe((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
  });

  it("streams text about an image, with usage", async () => {
    const account = await newAccount();
    const result = streamText({ model: provider(account.key)(MODEL), messages });
    const parts = await Array.fromAsync(result.textStream);
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.join("")).toBe(EXAMPLE.answer);
    const usage = await result.usage;
    expect(usage.inputTokens).toBeGreaterThan(100);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(await result.finishReason).toBe("stop");
  });

  it("reports what the API refuses", async () => {
    const account = await newAccount(10);
    const error = await generateText({ model: provider(account.key)(MODEL), messages }).catch(
      (reason: unknown) => reason,
    );
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 402, isRetryable: false });
  });
});
