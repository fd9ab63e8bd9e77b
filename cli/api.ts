import { z } from "zod";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { ofBytes, startProgress } from "./terminal.ts";

const envelope = z.object({
  error: z.object({
    code: z.string().nullable(),
    message: z.string(),
    type: z.string().default("server_error"),
    param: z.string().nullable().default(null),
  }),
});

interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "HEAD" | "DELETE";
  readonly path: string;
  /** Sent as JSON, unless it is bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body of more bytes is sent in pieces, so that it can be told how far it has come. */
const PIECE_BYTES = 64 * 1024;

/** A successful response of the API. Throws a CommandError with the API's code and message otherwise. */
export async function request(connection: Connection, asked: ApiRequest): Promise<Response> {
  const { method, path, body } = asked;
  const sent = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
  const progress = startProgress("waiting for the server");
  try {
    const response = await fetch(connection.url + path, {
      method,
      headers: {
        authorization: `Bearer ${connection.key}`,
        ...(sent && { "content-type": type }),
        ...asked.headers,
      },
      ...(sent && bodyOf(sent, (done) => progress.say(sending(done, sent.length)))),
    }).catch((error: unknown) => {
      throw noAnswer(connection.url, error);
    });
    if (!response.ok) throw await errorOf(response);
    return response;
  } finally {
    progress.stop();
  }
}

/** The JSON of a successful response. */
export async function requestJson<Value>(
  connection: Connection,
  asked: ApiRequest,
  schema: z.ZodType<Value>,
): Promise<Value> {
  return parseAnswer(connection.url, await request(connection, asked), schema);
}

/** The JSON of an open route, whose status may say 503 while its body tells what is asked. */
export async function readAnswer<Value>(url: string, path: string, schema: z.ZodType<Value>): Promise<Value> {
  const response = await fetch(url + path).catch((error: unknown) => {
    throw noAnswer(url, error);
  });
  return parseAnswer(url, response, schema);
}

async function parseAnswer<Value>(url: string, response: Response, schema: z.ZodType<Value>): Promise<Value> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new CommandError(`${url} answered something that is not Tessera's API`, { code: "not_tessera" });
}

/** An error in the API's envelope, as it may stand at the end of a stream. */
export function apiError(json: unknown, later = false): CommandError | undefined {
  const error = envelope.safeParse(json).data?.error;
  return error && new CommandError(error.message, { ...error, later, advice: adviceOn(error) });
}

function adviceOn({ code, message }: { code: string | null; message: string }): string | undefined {
  const key = code === "budget_exceeded" && /\bkey_\w+/.exec(message)?.[0];
  if (!key) return ADVICE[code ?? ""];
  const period = /budget of this (day|month)/.exec(message)?.[1];
  const flag = period ? `--budget-${period}` : "--budget";
  return `Raise it: tessera keys update ${key} ${flag} N (micro-credits), or ask for a smaller --max-tokens.`;
}

/** What a person at a terminal does about an error whose message does not say it. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_api_key: "Check --key or TESSERA_API_KEY; tessera doctor looks at the whole set-up.",
  api_key_expired: "Make another with tessera keys create.",
  insufficient_scope: "Use a key that has it; tessera doctor shows what this one may do.",
  insufficient_credit: "Ask for a smaller --max-tokens, or have the operator add credit.",
  budget_exceeded: "Ask for a smaller --max-tokens, or raise the key's budget with tessera keys update.",
  model_not_found: "tessera models lists them.",
  key_not_found: "tessera keys list shows them.",
  no_worker: "tessera models shows which are up; with --job the question waits for a worker.",
  internal_error: "Try again; if it stays, tessera doctor may find why.",
};

function bodyOf(bytes: Uint8Array, tell: (sent: number) => void): RequestInit & { duplex?: "half" } {
  if (bytes.length <= PIECE_BYTES) return { body: new Uint8Array(bytes) };
  let at = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        tell(at);
        if (at >= bytes.length) return controller.close();
        controller.enqueue(new Uint8Array(bytes.subarray(at, at + PIECE_BYTES)));
        at += PIECE_BYTES;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, duplex: "half" };
}

function sending(sent: number, total: number): string {
  return sent < total ? `sending ${ofBytes(sent, total)}` : "waiting for the server";
}

async function errorOf(response: Response): Promise<CommandError> {
  const json: unknown = await response.json().catch(() => undefined);
  const transient = response.status === 408 || response.status === 429 || response.status >= 500;
  const later = transient && response.headers.get("x-should-retry") !== "false";
  return (
    apiError(json, later) ??
    new CommandError(`the server answered ${response.status}`, { code: "not_tessera", later })
  );
}

function noAnswer(url: string, error: unknown): CommandError {
  return new CommandError(`no answer from ${url} (${reasonOf(error)})`, {
    code: "no_answer",
    later: true,
    advice: "Is it running? tessera doctor looks at the whole set-up.",
  });
}

/** Why a request had no answer: the operating system's code, or the message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause ? String(cause.code) : cause.message;
}
