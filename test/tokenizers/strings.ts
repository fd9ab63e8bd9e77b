import { Random } from "../properties/generate/random.ts";

const WORDS =
  "the picture shows a red square above two small circles What is written here How many people are there colour position International Straßenbahn déjà naïve коричневый квадрат Ελλάδα ไทย हिन्दी العربية עברית 日本語 カタカナ 한국어 中国 图片 里面 有 几个 红色 的 圆形 在 左边 还是 右边 请 描述 这张 照片 毛泽东 之日起 判决书送达之日起十五日内".split(
    " ",
  );
const EMOJI = ["🙂", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇭", "❤️", "🀄", "\u{1F9FF}", "©️", "1️⃣"];
const SPACES = [
  " ",
  "  ",
  "   ",
  "\t",
  "\n",
  "\r\n",
  "\n\n",
  "\u00a0",
  "\u3000",
  "\u2009",
  "\u200b",
  "\u2581",
  "\ufeff",
];
const CONTROLS = [
  "<s>",
  "</s>",
  "<unk>",
  "<pad>",
  "<image>",
  "<|im_start|>",
  "<|im_end|>",
  "<|im_start|>assistant\n",
  "<|startoftext|>",
  "<|endoftext|>",
  "<|Human|>",
  "<|unused001|>",
  "<fim_prefix>",
  "<jupyter_code>",
  "<0x0A>",
  "<0xFF>",
  "[INST]",
  " [/INST]",
  "<<SYS>>",
  "USER: ",
  " ASSISTANT:",
  "▁</s>",
  "<|im_",
  "end|>",
  "< s >",
];
const PUNCTUATION = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~，。！？、：《》【】『』￥０１２"];
const CODE = [
  "```py\nprint('a')\n```",
  "<!DOCTYPE html><p>a</p><br/>",
  "<!-- x -->",
  "if (a &&\n\t\tb) {",
  "https://a.example/b?c=d%20e",
  "a@b.example",
  "\\frac{1}{2}",
];

function piece(random: Random): string {
  const repeated = (text: string) => text.repeat(random.integer(1, 40));
  switch (random.integer(0, 11)) {
    case 0:
      return random.pick(EMOJI);
    case 1:
      return random.pick(SPACES);
    case 2:
      return random.pick(CONTROLS);
    case 3:
      return random.pick(PUNCTUATION);
    case 4:
      return String(random.integer(0, 1_000_000));
    case 5:
      return random.pick(CODE);
    case 6:
      return repeated(random.pick([" ", "a", "=", "-", "`", "\n", "\t", "的", "ab", "🙂", "\u2581"]));
    case 7:
      return codePoint(random, random.pick([0x7f, 0x24f, 0x7ff, 0x9fff, 0xffff, 0x10ffff]));
    default:
      return random.chance(0.7) ? `${random.pick(WORDS)} ` : random.pick(WORDS);
  }
}

function codePoint(random: Random, most: number): string {
  const code = random.integer(0, most);
  return code >= 0xd800 && code < 0xe000 ? "\ufffd" : String.fromCodePoint(code);
}

/** 2,000 texts, the same everywhere: many scripts, emoji, white space, code, what looks like control tokens. */
export function strings(): string[] {
  const random = new Random(20_240_130);
  return Array.from({ length: 2000 }, (_, index) =>
    Array.from({ length: random.integer(1, index % 100 === 0 ? 400 : 30) }, () => piece(random)).join(""),
  );
}
