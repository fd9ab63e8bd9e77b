/** A way to the product that can break in the middle of an answer, as a phone's connection does. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export interface BreakingProxy {
  readonly origin: string;
  /** The next streamed answer loses its connection after its first words. */
  breakNextAnswer(): void;
  close(): Promise<void>;
}

export async function breakingProxy(target: string): Promise<BreakingProxy> {
  let breaks = false;
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const url = new URL(incoming.url ?? "/", target);
    const headers = { ...incoming.headers, host: url.host };
    const upstream = request(url, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      const isBroken = breaks && url.pathname === "/v1/chat/completions";
      if (isBroken) breaks = false;
      answer.on("data", (chunk: Buffer) => {
        outgoing.write(chunk);
        // The role comes with empty content before it.
        if (isBroken && /"content":"[^"]/.test(chunk.toString())) {
          setTimeout(() => outgoing.destroy(), 50);
          answer.destroy();
        }
      });
      answer.on("end", () => outgoing.end());
      answer.on("error", () => outgoing.destroy());
    });
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  };
  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    breakNextAnswer: () => {
      breaks = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
