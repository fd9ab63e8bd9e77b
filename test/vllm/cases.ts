/** The requests that transformers, vLLM and the embedded engine must answer alike. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dataUrl, stripes } from "../helpers/picture.ts";
import { type ChatBody, MODEL } from "../helpers/question.ts";

const EVALUATION = join(import.meta.dirname, "../../models/tessera-tiny/evaluation");

export interface CasePicture {
  readonly name: string;
  readonly bytes: Buffer;
}

type Turn =
  | { readonly role: "user"; readonly text: string; readonly pictures: readonly CasePicture[] }
  | { readonly role: "assistant"; readonly text: string };

export interface Case {
  readonly name: string;
  readonly turns: readonly Turn[];
}

const evaluationLine = z.object({
  image: z.string().nullable(),
  language: z.enum(["en", "zh"]),
  question: z.string(),
});

/** Every picture of the evaluation once, in English and Chinese by turns. */
function evaluationCases(): Case[] {
  const lines = readFileSync(join(EVALUATION, "questions.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => evaluationLine.parse(JSON.parse(line)));
  const pictures = new Set(lines.flatMap(({ image }) => image ?? []));
  return [...pictures].map((image, index) => {
    const language = index % 2 === 0 ? "en" : "zh";
    const line = lines.find((each) => each.image === image && each.language === language);
    if (!line) throw new Error(`The evaluation asks nothing about ${image} in ${language}.`);
    const picture = { name: image, bytes: readFileSync(join(EVALUATION, image)) };
    return { name: image, turns: [{ role: "user", text: line.question, pictures: [picture] }] };
  });
}

/** Sizes of every grid, with ties, and the extremes. */
const SIZES = [
  [1000, 300],
  [300, 1000],
  [640, 310],
  [310, 640],
  [900, 880],
  [672, 672],
  [336, 336],
  [300, 200],
  [200, 300],
  [2000, 40],
  [40, 2000],
  [1500, 1100],
  [17, 23],
  [1, 1],
] as const;

function sizeCases(): Case[] {
  return SIZES.map(([width, height], index) => ({
    name: `${width}x${height}`,
    turns: [
      {
        role: "user",
        text: index % 3 === 0 ? "描述这张图片。" : "What is in the picture?",
        pictures: [striped(width, height, index)],
      },
    ],
  }));
}

function striped(width: number, height: number, seed: number): CasePicture {
  return { name: `stripes-${width}x${height}-${seed}.png`, bytes: stripes(width, height, seed) };
}

function conversations(evaluation: readonly Case[]): Case[] {
  const picture = (index: number) => {
    const turn = evaluation[index]?.turns[0];
    const found = turn?.role === "user" ? turn.pictures[0] : undefined;
    if (!found) throw new Error("The evaluation has too few pictures.");
    return found;
  };
  const user = (text: string, ...pictures: CasePicture[]): Turn => ({ role: "user", text, pictures });
  const assistant = (text: string): Turn => ({ role: "assistant", text });
  return [
    { name: "two pictures", turns: [user("Which one is larger?", picture(1), picture(2))] },
    {
      name: "two pictures of other grids",
      turns: [user("两张图片一样吗？", striped(1000, 300, 3), picture(9))],
    },
    {
      name: "four pictures",
      turns: [user("What do they share?", picture(1), striped(60, 900, 5), picture(7), striped(90, 60, 6))],
    },
    {
      name: "three turns",
      turns: [
        user("What is this?", picture(12)),
        assistant("A picture."),
        user("What color is the background?"),
        assistant("White."),
        user("Are you sure?"),
      ],
    },
    {
      name: "a picture in each turn",
      turns: [user("这是什么？", picture(14)), assistant("一个图形。"), user("那这个呢？", picture(15))],
    },
    { name: "text", turns: [user("What can you do?")] },
    { name: "Chinese text", turns: [user("你能做什么？")] },
    { name: "long text", turns: [user("Tell me about stars and hearts. ".repeat(40))] },
  ];
}

export const CASES: readonly Case[] = (() => {
  const evaluation = evaluationCases();
  return [...evaluation, ...sizeCases(), ...conversations(evaluation)];
})();

export function picturesOf({ turns }: Case): CasePicture[] {
  return turns.flatMap((turn) => (turn.role === "user" ? turn.pictures : []));
}

/** The case as a request of the API. */
export function bodyOf({ turns }: Case): ChatBody {
  return {
    model: MODEL,
    messages: turns.map((turn) =>
      turn.role === "assistant"
        ? { role: "assistant", content: turn.text }
        : {
            role: "user",
            content: [
              ...turn.pictures.map(({ name, bytes }) => ({
                type: "image_url" as const,
                image_url: { url: dataUrl(bytes, name.endsWith(".jpg") ? "image/jpeg" : "image/png") },
              })),
              { type: "text" as const, text: turn.text },
            ],
          },
    ),
  };
}

/** The case as the oracle reads it, its pictures by name. */
export function oracleCase(each: Case, maxTokens: number) {
  return {
    name: each.name,
    max_tokens: maxTokens,
    images: picturesOf(each).map(({ name }) => name),
    messages: each.turns.map((turn) =>
      turn.role === "assistant"
        ? { role: "assistant", content: turn.text }
        : {
            role: "user",
            content: [...turn.pictures.map(() => ({ type: "image" })), { type: "text", text: turn.text }],
          },
    ),
  };
}
