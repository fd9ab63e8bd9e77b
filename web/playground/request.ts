/** Requests as the page sends them, and as a visitor may copy them. */

/** How the answer is made. null leaves the model's own. */
export interface Options {
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  /** Send the base view alone. */
  readonly low: boolean;
}

export const MODEL_OPTIONS: Options = { maxTokens: null, temperature: null, low: false };

/** A question and what was answered. */
export interface Exchange {
  readonly question: string;
  readonly answer: string;
}

export interface Draft {
  readonly model: string;
  readonly options: Options;
  /** What was said before about the same image, the oldest first. */
  readonly history: readonly Exchange[];
  readonly question: string;
  readonly hasImage: boolean;
}

/** A chat completion's body, but for its image's `url`, which is known when the image has been uploaded. */
export function chatBody(draft: Draft, url: string | null) {
  const { model, options, history, question, hasImage } = draft;
  const detail = options.low ? { detail: "low" as const } : {};
  const image =
    hasImage && url !== null ? [{ type: "image_url" as const, image_url: { url, ...detail } }] : [];
  const text = (text: string) => ({ type: "text" as const, text });
  const [first, ...later] = [...history.map((exchange) => exchange.question), question];
  const messages: object[] = [
    { role: "user", content: image.length > 0 ? [...image, text(first ?? "")] : (first ?? "") },
  ];
  for (const [index, { answer }] of history.entries()) {
    messages.push({ role: "assistant", content: answer }, { role: "user", content: later[index] ?? "" });
  }
  return {
    model,
    messages,
    ...(options.maxTokens !== null && { max_tokens: options.maxTokens }),
    ...(options.temperature !== null && { temperature: options.temperature }),
  };
}
