/** A fixed number of connections, each sending its next request when the last is answered. */
import { Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Target {
  /** Where completions are asked for. */
  readonly url: string;
  /** Headers of each connection. */
  readonly headers: (connection: number) => Record<string, string>;
  readonly model: string;
}

export interface Sample {
  /** Milliseconds of every answered request, to its last byte. */
  readonly latencies: readonly number[];
  readonly requestsPerSecond: number;
  readonly failed: number;
}

/**
 * Sends for `ms`, each request with its own body. A connection that breaks counts as a failed request; throws with what
 * the server says when its first answer is no success.
 */
export async function load(
  target: Target,
  nextBody: () => Buffer,
  connections: number,
  ms: number,
): Promise<Sample> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let failed = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const headers = target.headers(connection);
      while (performance.now() - begun < ms) {
        const body = nextBody();
        const sent = performance.now();
        const { status, text } = await post(target.url, headers, body, agent).catch((error: Error) => ({
          status: 0,
          text: error.message,
        }));
        if (status === 200) latencies.push(performance.now() - sent);
        else if (latencies.length === 0) throw new Error(`${target.url} answered ${status}: ${text}`);
        else failed += 1;
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  return { latencies, requestsPerSecond: latencies.length / seconds, failed };
}

function post(
  url: string,
  headers: Record<string, string>,
  body: Buffer,
  agent: Agent,
): Promise<{ readonly status: number; readonly text: string; readonly headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      {
        method: "POST",
        agent,
        headers: { ...headers, "content-type": "application/json", "content-length": body.length },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString("utf8").slice(0, 500),
            headers: response.headers,
          }),
        );
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}
