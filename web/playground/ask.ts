/** One question to one model, as a stream of what happens to it. */
import * as z from "zod/mini";
import { type Failure, pageFailure, readEnvelope, send } from "../shared/api.ts";
import { streamLines } from "./event-stream.ts";
import { type ChosenImage, imageUrl } from "./image.ts";
import { countDraft, type Preflight } from "./preflight.ts";
import { chatBody, type Draft } from "./request.ts";

const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  cost_microcredits: z.int(),
});
export type Usage = z.infer<typeof usage>;

const chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.optional(z.string()) }),
      finish_reason: z.nullable(z.string()),
    }),
  ),
  usage: z.nullish(usage),
});

export type AskEvent =
  | { readonly type: "counted"; readonly promised: Preflight }
  /** The answer has begun to be waited for; its time counts from here. */
  | { readonly type: "accepted"; readonly cached: boolean }
  | { readonly type: "queued"; readonly position: number; readonly seconds: number }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "finished"; readonly reason: string }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "failed"; readonly failure: Failure };

export interface Question {
  readonly draft: Draft;
  readonly image: ChosenImage | null;
  readonly key: string;
  readonly signal: AbortSignal;
  /** Called when the question itself leaves, after image and receipt. */
  readonly onSend: () => void;
}

/** Nothing is spent before the receipt is there. Throws only when the signal is aborted. */
export async function* ask(question: Question): AsyncGenerator<AskEvent, void, void> {
  const { draft, image, key, signal, onSend } = question;
  const counted = await countDraft(draft, image, key);
  signal.throwIfAborted();
  if (!counted.ok) {
    yield { type: "failed", failure: counted.error };
    return;
  }
  yield { type: "counted", promised: counted.value };
  const url = image && (await imageUrl(image, key));
  if (url && !url.ok) {
    yield { type: "failed", failure: url.error };
    return;
  }
  onSend();
  const sent = await send("/v1/chat/completions", {
    key,
    method: "POST",
    json: {
      ...chatBody(draft, url ? url.value : null),
      stream: true,
      stream_options: { include_usage: true },
    },
    signal,
  });
  if (!sent.ok) {
    yield { type: "failed", failure: sent.error };
    return;
  }
  yield* readAnswer(sent.value, signal);
}

async function* readAnswer(response: Response, signal: AbortSignal): AsyncGenerator<AskEvent, void, void> {
  const requestId = response.headers.get("x-request-id");
  yield { type: "accepted", cached: /\bhit\b/.test(response.headers.get("cache-status") ?? "") };
  try {
    if (response.body) {
      for await (const line of streamLines(response.body)) {
        if (line.type === "data" && line.text === "[DONE]") return;
        const events = line.type === "data" ? readChunk(line.text, requestId) : readComment(line.text);
        for (const event of events) {
          yield event;
          if (event.type === "failed") return;
        }
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
  }
  yield { type: "failed", failure: pageFailure("cut_off", requestId) };
}

function readChunk(text: string, requestId: string | null): AskEvent[] {
  const json = parseJson(text);
  const failure = readEnvelope(json, requestId);
  if (failure) return [{ type: "failed", failure }];
  const read = chunk.safeParse(json);
  if (!read.success) return [{ type: "failed", failure: pageFailure("unexpected_answer", requestId) }];
  const [choice] = read.data.choices;
  const events: AskEvent[] = [];
  if (choice?.delta.content) events.push({ type: "text", text: choice.delta.content });
  if (choice?.finish_reason) events.push({ type: "finished", reason: choice.finish_reason });
  if (read.data.usage) events.push({ type: "usage", usage: read.data.usage });
  return events;
}

function readComment(text: string): AskEvent[] {
  const queued = /^queued position=(\d+) eta_ms=(\d+)/.exec(text);
  if (!queued) return [];
  return [{ type: "queued", position: Number(queued[1]), seconds: Math.ceil(Number(queued[2]) / 1000) }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
