/** Replicate's HTTP API on loopback, as replicate.com/docs/reference/http describes what Tessera calls of it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text as bodyText, buffer } from "node:stream/consumers";
import { z } from "zod";

const creation = z.strictObject({
  version: z.string(),
  stream: z.literal(true),
  input: z.strictObject({
    prompt: z.string(),
    image: z.string().optional(),
    temperature: z.number(),
    top_p: z.number(),
    max_tokens: z.int(),
  }),
});

export interface FakePrediction {
  readonly id: string;
  readonly input: z.infer<typeof creation>["input"];
  status: "processing" | "succeeded" | "failed" | "canceled";
}

const VERSION = "41e0000000000000000000000000000000000000000000000000000000000034";

/** What a prompt makes the model do; any other is answered with these pieces. */
export const PIECES = ["The square", " is", " red."];
export const PROMPTS = {
  fails: "Fail.",
  hangs: "Say one word, then hang.",
  breaksOff: "Break the stream off after one piece.",
  busy: "Be busy.",
  refused: "Be refused.",
  down: "Be down.",
} as const;

/** A server that keeps what it was sent. */
export class ReplicateServer {
  readonly token = `r8_${crypto.randomUUID()}`;
  readonly predictions: FakePrediction[] = [];
  /** Uploaded files that have not been deleted, by id. */
  readonly files = new Map<string, Buffer>();
  uploads = 0;
  #url = "";
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response).catch(() => response.writeHead(500).end());
  });

  static async start(): Promise<ReplicateServer> {
    const server = new ReplicateServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    const address = server.#server.address();
    if (typeof address !== "object" || !address) throw new Error("The Replicate server has no port.");
    server.#url = `http://127.0.0.1:${address.port}`;
    return server;
  }

  get baseUrl(): string {
    return `${this.#url}/v1`;
  }

  prediction(prompt: string): FakePrediction | undefined {
    return this.predictions.findLast(({ input }) => input.prompt === prompt);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const [, id = ""] = /^\/(?:v1\/(?:predictions|files)|stream)\/([\w-]+)/.exec(path) ?? [];
    const prediction = this.predictions.find((each) => each.id === id);
    // A stream's address is a secret of its own: no token goes there.
    if (path.startsWith("/stream/"))
      return prediction ? this.#stream(prediction, response) : void json(404, {});
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return void json(401, { detail: "Unauthenticated" });

    switch (`${request.method} ${path.replace(id || "?", "ID")}`) {
      case "GET /v1/models/yorickvp/llava-v1.6-34b":
        return void json(200, { owner: "yorickvp", name: "llava-v1.6-34b", latest_version: { id: VERSION } });
      case "POST /v1/files":
        return void json(201, this.#upload(await buffer(request), request.headers["content-type"] ?? ""));
      case "DELETE /v1/files/ID":
        return void response.writeHead(this.files.delete(id) ? 204 : 404).end();
      case "POST /v1/predictions":
        return void json(...this.#create(await bodyText(request)));
      case "GET /v1/predictions/ID":
        return void (prediction ? json(200, this.#body(prediction)) : json(404, { detail: "Not found" }));
      case "POST /v1/predictions/ID/cancel":
        if (prediction?.status === "processing") prediction.status = "canceled";
        return void (prediction ? json(200, this.#body(prediction)) : json(404, { detail: "Not found" }));
      default:
        return void json(404, { detail: "Not found" });
    }
  }

  #upload(body: Buffer, contentType: string) {
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(contentType)?.[1];
    if (!boundary || !body.includes('name="content"')) throw new Error("An upload has a part named content.");
    const id = `file-${++this.uploads}`;
    const start = body.indexOf("\r\n\r\n", body.indexOf('name="content"')) + 4;
    this.files.set(id, body.subarray(start, body.indexOf(`\r\n--${boundary}`, start)));
    return { id, urls: { get: `${this.baseUrl}/files/${id}` } };
  }

  #create(text: string): [status: number, body: unknown] {
    const { version, input } = creation.parse(JSON.parse(text));
    if (version !== VERSION || input.prompt === PROMPTS.refused) return [422, { detail: "Invalid input" }];
    if (input.prompt === PROMPTS.busy) return [429, { detail: "Request was throttled.", status: 429 }];
    if (input.prompt === PROMPTS.down) return [503, { detail: "Service unavailable" }];
    const prediction: FakePrediction = { id: `p${this.predictions.length}`, input, status: "processing" };
    this.predictions.push(prediction);
    return [201, this.#body(prediction)];
  }

  #body({ id, status, input }: FakePrediction) {
    return {
      id,
      version: VERSION,
      status,
      input,
      output: status === "succeeded" ? PIECES : null,
      error: status === "failed" ? "CUDA out of memory" : null,
      urls: {
        get: `${this.baseUrl}/predictions/${id}`,
        cancel: `${this.baseUrl}/predictions/${id}/cancel`,
        stream: `${this.#url}/stream/${id}`,
      },
    };
  }

  #stream(prediction: FakePrediction, response: ServerResponse): void {
    const send = (event: string, data: string) =>
      response.write(`event: ${event}\nid: 1:0\ndata: ${data}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    switch (prediction.input.prompt) {
      case PROMPTS.fails:
        prediction.status = "failed";
        send("error", JSON.stringify({ detail: "CUDA out of memory" }));
        break;
      case PROMPTS.hangs:
        send("output", "One");
        return;
      case PROMPTS.breaksOff:
        send("output", PIECES[0] ?? "");
        prediction.status = "succeeded";
        break;
      default:
        prediction.status = "succeeded";
        for (const piece of PIECES) send("output", piece);
        send("done", "{}");
    }
    response.end();
  }
}
