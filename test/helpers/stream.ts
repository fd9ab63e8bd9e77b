/** Reads an answer's server-sent events. */
import { z } from "zod";
import { completion, envelope, logprobs as logprobsBody } from "./question.ts";

const chunk = z.object({
  id: z.string(),
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().optional() }),
      logprobs: logprobsBody.nullable(),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: completion.shape.usage.nullish(),
});

export type StreamEvent =
  | { readonly type: "chunk"; readonly chunk: z.infer<typeof chunk> }
  | { readonly type: "error"; readonly error: z.infer<typeof envelope>["error"] }
  | { readonly type: "done" };

/** The events of an answer as they arrive; comments are skipped. */
export async function* streamEvents(response: Response): AsyncGenerator<StreamEvent, void, void> {
  if (!response.body) throw new Error("The answer has no body.");
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      if (!block.startsWith("data: ")) continue;
      const data = block.slice("data: ".length);
      if (data === "[DONE]") {
        yield { type: "done" };
        continue;
      }
      const json: unknown = JSON.parse(data);
      const failed = envelope.safeParse(json);
      if (failed.success) yield { type: "error", error: failed.data.error };
      else yield { type: "chunk", chunk: chunk.parse(json) };
    }
  }
}

/** A whole stream's text, usage and, if asked for, logprobs. Throws unless it ends as it should. */
export async function readStream(response: Response) {
  const events = await Array.fromAsync(streamEvents(response));
  const failed = events.find((event) => event.type === "error");
  if (failed) throw new Error(`The stream failed: ${failed.error.code}`);
  if (events.at(-1)?.type !== "done") throw new Error("The stream has no end.");
  const chunks = events.flatMap((event) => (event.type === "chunk" ? [event.chunk] : []));
  const logprobs = chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? []);
  return {
    text: chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    ...(logprobs.length > 0 && { logprobs }),
    usage: chunks.findLast(({ usage }) => usage)?.usage,
  };
}
