/**
 * Prompts, built by ourselves for every checkpoint: engines' own templates drift
 * (LLaVA `llava/conversation.py`: chatml_direct, llava_v1, mistral_instruct).
 */
import type { PromptTemplate } from "./models.ts";

/** One piece of a turn, in the order the caller gave it. `image` counts the request's images from 0. */
export type Part = { readonly text: string } | { readonly image: number };

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly parts: readonly Part[];
}

/**
 * One piece of a prompt. `text` is tokenized as plain text, so nothing a user writes can become a control token;
 * `continued` text goes on from the token before it, without the space that Llama's tokenizer puts before a text;
 * `control` is one named token of the tokenizer; `image` stands for all the tokens of that image.
 */
export type Segment =
  | { readonly text: string; readonly continued?: true }
  | { readonly control: string }
  | { readonly image: number };

const DEFAULT_SYSTEM = {
  chatml_direct: "Answer the questions.",
  vicuna_v1:
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions.",
  mistral_instruct: "",
} as const satisfies Record<PromptTemplate, string>;

/**
 * The prompt of a conversation that ends with a user turn. A turn's images stand before its text, each followed
 * by a newline, as in the authors' training data; a system message replaces the template's own.
 */
export function renderPrompt(template: PromptTemplate, messages: readonly Message[]): Segment[] {
  const system = messages
    .filter((message) => message.role === "system")
    .map(textOf)
    .join("\n");
  const turns = messages.filter((message) => message.role !== "system");
  return merge(RENDER[template](system || DEFAULT_SYSTEM[template], turns));
}

const RENDER: Record<PromptTemplate, (system: string, turns: readonly Message[]) => Segment[]> = {
  /** No newline follows `<|im_end|>`, unlike standard ChatML. */
  chatml_direct: (system, turns) => [
    control("<|im_start|>"),
    { text: `system\n${system}` },
    control("<|im_end|>"),
    ...turns.flatMap((turn) => [
      control("<|im_start|>"),
      { text: `${turn.role}\n` },
      ...content(turn),
      control("<|im_end|>"),
    ]),
    control("<|im_start|>"),
    { text: "assistant\n" },
  ],

  /**
   * Vicuna's tokenizer puts no space before the text that follows `</s>`: its `legacy` is false, and Mistral's true.
   */
  vicuna_v1: (system, turns) => [
    control("<s>"),
    { text: `${system} ` },
    ...turns.flatMap((turn): Segment[] =>
      turn.role === "user"
        ? [{ text: "USER: ", continued: true }, ...content(turn), { text: " " }]
        : [{ text: "ASSISTANT: ", continued: true }, ...content(turn), control("</s>")],
    ),
    { text: "ASSISTANT:", continued: true },
  ],

  mistral_instruct: (system, turns) => [
    control("<s>"),
    ...turns.flatMap((turn, index) =>
      turn.role === "user"
        ? [
            { text: index === 0 && system ? `[INST] <<SYS>>\n${system}\n<</SYS>>\n\n` : "[INST] " },
            ...content(turn),
            { text: " [/INST]" },
          ]
        : [{ text: " " }, ...content(turn), { text: " " }, control("</s>")],
    ),
  ],
};

function content(message: Message): Segment[] {
  const images = message.parts.flatMap((part) => ("image" in part ? [part, { text: "\n" }] : []));
  return [...images, { text: textOf(message) }];
}

/** A message's text parts, joined by newlines. */
function textOf(message: Message): string {
  return message.parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("\n");
}

function control(name: string): Segment {
  return { control: name };
}

/** Neighbouring texts become one, so that they are tokenized as one; empty texts vanish. */
function merge(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    if ("text" in segment && segment.text === "") continue;
    if (last && "text" in last && "text" in segment) {
      merged[merged.length - 1] = { ...last, text: last.text + segment.text };
    } else {
      merged.push(segment);
    }
  }
  return merged;
}

/** The prompt as one string, each image as `<image>`: for engines that take text, and for tests. */
export function promptText(segments: readonly Segment[]): string {
  return segments
    .map((segment) => ("text" in segment ? segment.text : "control" in segment ? segment.control : "<image>"))
    .join("");
}
