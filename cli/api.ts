import { z } from "zod";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";

const envelope = z.object({ error: z.object({ code: z.string().nullable(), message: z.string() }) });

interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "HEAD" | "DELETE";
  readonly path: string;
  /** Sent as JSON, unless it is bytes. */
  readonly body?: unknown;
}

/** A successful response of the API. Throws a CommandError with the API's code and message otherwise. */
export async function request(connection: Connection, { method, path, body }: ApiRequest): Promise<Response> {
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : undefined;
  let response: Response;
  try {
    response = await fetch(connection.url + path, {
      method,
      headers: {
        authorization: `Bearer ${connection.key}`,
        ...(body !== undefined && {
          "content-type": bytes ? "application/octet-stream" : "application/json",
        }),
      },
      ...(body !== undefined && { body: bytes ?? JSON.stringify(body) }),
    });
  } catch (error) {
    throw new CommandError(`no answer from ${connection.url} (${reasonOf(error)})`);
  }
  if (response.ok) return response;
  throw await errorOf(response);
}

/** The JSON of a successful response. */
export async function requestJson<Value>(
  connection: Connection,
  request_: ApiRequest,
  schema: z.ZodType<Value>,
): Promise<Value> {
  const response = await request(connection, request_);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success)
    throw new CommandError(`${connection.url} answered something that is not Tessera's API`);
  return parsed.data;
}

/** An error in the API's envelope, as one line. */
export function apiError(json: unknown): CommandError | undefined {
  const error = envelope.safeParse(json).data?.error;
  return error && new CommandError(error.code ? `${error.code}: ${error.message}` : error.message);
}

async function errorOf(response: Response): Promise<CommandError> {
  const json: unknown = await response.json().catch(() => undefined);
  return apiError(json) ?? new CommandError(`the server answered ${response.status}`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause ? String(cause.code) : cause.message;
}
