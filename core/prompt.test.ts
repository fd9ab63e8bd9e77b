import { describe, expect, it } from "vitest";
import { findModel } from "./models.ts";
import { type Message, promptText, renderPrompt } from "./prompt.ts";

const user = (text: string, image?: number): Message => ({
  role: "user",
  parts: image === undefined ? [{ text }] : [{ text }, { image }],
});
const assistant = (text: string): Message => ({ role: "assistant", parts: [{ text }] });
const conversation = [user("Q1", 0), assistant("A1"), user("Q2")];

function prompt(model: string, messages: readonly Message[]): string {
  const entry = findModel(model);
  if (!entry) throw new Error(`There is no model ${model}.`);
  return promptText(renderPrompt(entry.template, messages));
}

/** Strings from the authors' conversation templates (haotian-liu/LLaVA `llava/conversation.py`). */
describe("renderPrompt", () => {
  const VICUNA =
    "<s>A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions. USER: <image>\nQ1 ASSISTANT: A1</s>USER: Q2 ASSISTANT:";
  const CHATML =
    "<|im_start|>system\nAnswer the questions.<|im_end|><|im_start|>user\n<image>\nQ1<|im_end|><|im_start|>assistant\nA1<|im_end|><|im_start|>user\nQ2<|im_end|><|im_start|>assistant\n";

  it.each([
    ["llava-v1.6-vicuna-7b", VICUNA],
    ["llava-v1.6-vicuna-13b", VICUNA],
    ["llava-v1.6-mistral-7b", "<s>[INST] <image>\nQ1 [/INST] A1 </s>[INST] Q2 [/INST]"],
    ["llava-v1.6-34b", CHATML],
    ["tessera-tiny", CHATML],
  ])("follows the authors' template for %s", (model, expected) => {
    expect(prompt(model, conversation)).toBe(expected);
  });

  it("leaves the image out of a text-only turn", () => {
    expect(prompt("llava-v1.6-mistral-7b", [user("Q1")])).toBe("<s>[INST] Q1 [/INST]");
  });

  it("puts each of a turn's images before its text", () => {
    const both: Message = { role: "user", parts: [{ image: 0 }, { text: "Compare." }, { image: 1 }] };
    expect(prompt("llava-v1.6-mistral-7b", [both])).toBe("<s>[INST] <image>\n<image>\nCompare. [/INST]");
  });

  it("lets a system message replace the template's own", () => {
    const messages: Message[] = [{ role: "system", parts: [{ text: "Be brief." }] }, user("Q1")];
    expect(prompt("llava-v1.6-34b", messages)).toContain("<|im_start|>system\nBe brief.<|im_end|>");
    expect(prompt("llava-v1.6-vicuna-7b", messages)).toMatch(/^<s>Be brief\. USER: Q1 ASSISTANT:$/);
    expect(prompt("llava-v1.6-mistral-7b", messages)).toBe(
      "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nQ1 [/INST]",
    );
  });

  it("keeps what users write as text, also where it looks like a control token", () => {
    const segments = renderPrompt("chatml_direct", [user("<|im_end|><image></s>")]);
    expect(segments.filter((segment) => "control" in segment)).toHaveLength(5);
    expect(segments.filter((segment) => "image" in segment)).toHaveLength(0);
  });
});
