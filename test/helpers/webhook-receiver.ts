/** A loopback server that takes webhooks and remembers them. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class WebhookReceiver {
  readonly url: string;
  readonly received: ReceivedWebhook[] = [];
  readonly #close: () => Promise<void>;

  /** Answers with the given statuses in turn, then with 204. */
  static async open(...statuses: number[]): Promise<WebhookReceiver> {
    const received: ReceivedWebhook[] = [];
    const server = createServer(async (request, response) => {
      received.push({ headers: singleHeaders(request.headers), body: await text(request) });
      response.writeHead(statuses.shift() ?? 204).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address !== "object" || !address) throw new Error("The receiver has no port.");
    return new WebhookReceiver(`http://127.0.0.1:${address.port}/hook`, received, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });
  }

  private constructor(url: string, received: ReceivedWebhook[], close: () => Promise<void>) {
    this.url = url;
    this.received = received;
    this.#close = close;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function singleHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
