/**
 * How much is still read, and thrown away, of a body that is refused. A client that is still sending reads no answer:
 * the connection would break under it before it learns why.
 */
const DRAINED_BYTES = 16 << 20;

/** A request's body, or null when it has more bytes than `limit`. */
export function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  return readBytes(request.body, limit, DRAINED_BYTES);
}

/** Takes what nobody has read of a request, so that its answer arrives. */
export async function drainBody(request: Request): Promise<void> {
  if (request.body && !request.bodyUsed) await readBytes(request.body, 0, DRAINED_BYTES);
}

/**
 * All bytes of a stream, or null when there are more than `limit`: a length header may lie or be absent. Nothing is
 * read further than `drained` bytes beyond the limit.
 */
export async function readBytes(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
  drained = 0,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!stream) return new Uint8Array(0);
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit + drained) return null;
    if (size > limit) chunks = [];
    else chunks.push(chunk);
  }
  if (size > limit) return null;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
