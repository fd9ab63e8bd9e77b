/** The `data` of each server-sent event in a response's body (WHATWG HTML §9.2), as far as the API uses them. */
export async function* eventData(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let pending = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const events = (pending + text).split("\n\n");
    pending = events.pop() ?? "";
    for (const event of events) {
      for (const line of event.split("\n")) if (line.startsWith("data: ")) yield line.slice("data: ".length);
    }
  }
}
