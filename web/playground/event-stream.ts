/** Server-sent events (WHATWG HTML §9.2) as far as the API uses them: `data:` lines, and comments while one waits. */
export type StreamLine =
  | { readonly type: "data"; readonly text: string }
  | { readonly type: "comment"; readonly text: string };

export async function* streamLines(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamLine, void, void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (pending + read.value).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data: ")) yield { type: "data", text: line.slice("data: ".length) };
        else if (line.startsWith(": ")) yield { type: "comment", text: line.slice(": ".length) };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
