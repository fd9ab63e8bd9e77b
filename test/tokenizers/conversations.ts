import type { Message } from "../../core/prompt.ts";

const user = (text: string, ...images: number[]): Message => ({
  role: "user",
  parts: [...images.map((image) => ({ image })), { text }],
});
const assistant = (text: string): Message => ({ role: "assistant", parts: [{ text }] });
const system = (text: string): Message => ({ role: "system", parts: [{ text }] });

/** Conversations whose prompts are compared id for id with the authors' way of making them. */
export const CONVERSATIONS: readonly (readonly Message[])[] = [
  [user("What is shown in this image?", 0)],
  [user("What is shown in this image?")],
  [user("图片里有几个圆形？", 0)],
  [user(" Two spaces before\n\nand lines between. ", 0)],
  [user("Compare them.", 0, 1)],
  [user("Q1", 0), assistant("A1"), user("Q2")],
  [user("Q1"), assistant("A1"), user("Q2", 0), assistant("A 2\n"), user("그리고? 🙂", 1)],
  [system("Be brief."), user("What colour?", 0)],
];
