/**
 * How long another request's stream falls silent while a picture of 50 megapixels is decoded, over the whole product.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Product, temporaryHome } from "../../test/helpers/product.ts";

const SEEDS = 8;
const ENOUGH_EVENTS = 60;

export interface StreamGaps {
  /** The longest silence of a stream while the picture is prepared, in milliseconds. */
  readonly during: number;
  /** That of the same stream when nothing else runs. */
  readonly alone: number;
}

/** Each round's silences. */
export async function measureStreamGaps(picture: Uint8Array, rounds: number): Promise<StreamGaps[]> {
  const { home, remove } = temporaryHome();
  const product = await Product.start(home);
  try {
    const api = new Api(product.address.url, product.address.apiKey);
    const seed = await seedOfLongAnswer(api);
    // A picture that is known is not decoded again; what follows one in its file makes it another, and is never read.
    const upload = (round: number) => api.upload(Buffer.concat([picture, Buffer.from([round])]));
    // The first decode compiles.
    await api.prepare(await upload(rounds));
    const gaps: StreamGaps[] = [];
    for (let round = 0; round < rounds; round++) {
      const digest = await upload(round);
      const alone = longestGap(await api.stream(seed));
      const during = longestGap(await api.stream(seed, () => api.prepare(digest)));
      gaps.push({ during, alone });
    }
    return gaps;
  } finally {
    await product.stop();
    remove();
  }
}

async function seedOfLongAnswer(api: Api): Promise<number> {
  let best = { seed: 0, events: 0 };
  for (let seed = 1; seed <= SEEDS && best.events < ENOUGH_EVENTS; seed++) {
    const events = (await api.stream(seed)).length;
    if (events > best.events) best = { seed, events };
  }
  return best.seed;
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

const chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
});

class Api {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async upload(picture: Uint8Array): Promise<string> {
    const digest = `sha256:${createHash("sha256").update(picture).digest("hex")}`;
    const body = new Uint8Array(picture);
    const response = await this.#fetch(`/v1/images/${digest}`, { method: "PUT", body });
    if (!response.ok) throw new Error(await response.text());
    return digest;
  }

  /** Asks about a picture and waits for the answer. */
  async prepare(digest: string): Promise<void> {
    const content = [
      { type: "image_url", image_url: { url: digest } },
      { type: "text", text: "What is this?" },
    ];
    const response = await this.#chat({ max_tokens: 1, messages: [{ role: "user", content }] });
    if (!response.ok) throw new Error(await response.text());
    await response.text();
  }

  /**
   * When a long answer's texts came, in milliseconds. With `meanwhile`, from its first text, which begins that, until
   * it is done.
   */
  async stream(seed: number, meanwhile?: () => Promise<void>): Promise<number[]> {
    const messages = [
      { role: "system", content: "x".repeat(1500) },
      { role: "user", content: "Tell me more." },
    ];
    const response = await this.#chat({ stream: true, seed, temperature: 2, max_tokens: 256, messages });
    const times: number[] = [];
    let work: Promise<void> | undefined;
    let isDone = false;
    let rest = "";
    for await (const part of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      if (isDone || !lines.some(isText)) continue;
      times.push(performance.now());
      work ??= meanwhile?.().finally(() => {
        isDone = true;
      });
    }
    await work;
    return times;
  }

  #chat(body: object): Promise<Response> {
    return this.#fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", "cache-control": "no-store" },
      body: JSON.stringify({ model: "tessera-tiny", ...body }),
    });
  }

  #fetch(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#key}`, ...init.headers };
    return fetch(new URL(path, this.#url), { ...init, headers });
  }
}

function isText(line: string): boolean {
  if (!line.startsWith("data: {")) return false;
  const parsed = chunk.safeParse(JSON.parse(line.slice("data: ".length)));
  return parsed.success && Boolean(parsed.data.choices[0]?.delta.content);
}
