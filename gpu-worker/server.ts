/** The worker's HTTP face. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { FRAME_PATH } from "../core/frame.ts";
import { REFUSAL_STATUS, type Refusal } from "../core/refusal.ts";
import type { EngineCounters } from "./engines/engine.ts";
import { generate, type WorkerContext } from "./generate.ts";

/** A frame of some megabytes on a private network takes far less. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the edge keeps a connection that it does not use, so that it never writes into a closed one. */
const KEEP_ALIVE_MS = 75_000;

export function createWorkerServer(context: WorkerContext): Server {
  const server = createServer((request, response) => {
    route(context, request, response).catch((error: unknown) => {
      context.log("error", "request_crashed", {
        error: error instanceof Error ? error.stack : String(error),
      });
      if (!response.headersSent)
        refuse(response, { code: "worker_failed", message: "The worker has failed." });
      response.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function route(
  context: WorkerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  if (path === FRAME_PATH) {
    if (request.method !== "POST") return methodNotAllowed(response, "POST");
    const result = await generate(context, request, response);
    if (result.ok) return;
    context.metrics.request("refused");
    context.log("warn", "refused", { code: result.error.code, message: result.error.message });
    // Node reads the rest of a body to its end for the connection's next request; not of one without bounds.
    if (result.error.code === "body_too_large") response.setHeader("connection", "close");
    return refuse(response, result.error);
  }
  const page = PAGES[path];
  if (!page) return refuse(response, { code: "route_unknown", message: "The worker has no such route." });
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed(response, "GET, HEAD");
  page(context, response);
}

type Page = (context: WorkerContext, response: ServerResponse) => void;

const PAGES: Readonly<Record<string, Page>> = {
  "/livez": (_context, response) => text(response, 200, "ok\n"),

  "/readyz": ({ lifecycle }, response) =>
    text(response, lifecycle.state === "ready" ? 200 : 503, `${lifecycle.state}\n`),

  "/load": (context, response) => json(response, 200, { state: context.lifecycle.state, ...load(context) }),

  "/metrics": (context, response) => {
    const counters = context.loaded?.engine.counters() ?? NOTHING_YET;
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(context.metrics.render(context.lifecycle.state, load(context), counters));
  },
};

const NOTHING_YET: EngineCounters = { steps: 0, imagesEncoded: 0, imagesReused: 0 };

/** Slots, and the requests in them and in line. */
export function load({ loaded }: WorkerContext) {
  return { slots: loaded?.engine.slots ?? 0, ...(loaded?.engine.load() ?? { running: 0, waiting: 0 }) };
}

function refuse(response: ServerResponse, { code, message }: Refusal): void {
  if (code === "worker_busy" || code === "worker_starting") response.setHeader("retry-after", "1");
  json(response, REFUSAL_STATUS[code], { error: { code, message } });
}

function methodNotAllowed(response: ServerResponse, allow: string): void {
  response.setHeader("allow", allow);
  refuse(response, { code: "method_not_allowed", message: `This route takes ${allow}.` });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(body);
}
