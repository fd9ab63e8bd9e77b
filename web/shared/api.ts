/** Calls of Tessera's API from its own pages. */
import * as z from "zod/mini";
import { fail, ok, type Result } from "../../core/result.ts";

/** Why there is no answer. `code` is the API's, or one of `PAGE_CODES` for what the page itself finds. */
export interface Failure {
  readonly code: string;
  /** The server's own words, in English; empty for what the page itself finds. */
  readonly message: string;
  /** The answer's `x-request-id`, for whoever looks into it. */
  readonly requestId: string | null;
}

/** What can go wrong before, beside or after an answer of the API. */
export const PAGE_CODES = ["unreachable", "cut_off", "unexpected_answer"] as const;
type PageCode = (typeof PAGE_CODES)[number];

export function isPageCode(code: string): code is PageCode {
  return PAGE_CODES.some((each) => each === code);
}

export function pageFailure(code: PageCode, requestId: string | null = null): Failure {
  return { code, message: "", requestId };
}

const envelope = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The failure in the API's envelope, or null where there is none. */
export function readEnvelope(body: unknown, requestId: string | null): Failure | null {
  const read = envelope.safeParse(body);
  return read.success ? { ...read.data.error, requestId } : null;
}

export interface Call {
  readonly key: string;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly json?: object;
  /** Sent as it is. */
  readonly bytes?: Blob;
  readonly signal?: AbortSignal;
}

/** The answer if it is a good one. Rejects only when the caller's signal is aborted. */
export async function send(path: string, call: Call): Promise<Result<Response, Failure>> {
  const { key, method = "GET", json, bytes, signal } = call;
  // What is not ASCII can't stand in a header, and is no key.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    const code = key === "" ? "missing_api_key" : "invalid_api_key";
    return fail({ code, message: "", requestId: null });
  }
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(json && { "content-type": "application/json" }),
      },
      body: json ? JSON.stringify(json) : (bytes ?? null),
      signal: signal ?? null,
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    return fail(pageFailure("unreachable"));
  }
  if (response.ok) return ok(response);
  const requestId = response.headers.get("x-request-id");
  const body: unknown = await response.json().catch(() => null);
  return fail(readEnvelope(body, requestId) ?? pageFailure("unexpected_answer", requestId));
}

/** The answer's JSON, as `schema` has it. */
export async function sendForJson<Schema extends z.ZodMiniType>(
  path: string,
  call: Call,
  schema: Schema,
): Promise<Result<z.infer<Schema>, Failure>> {
  const sent = await send(path, call);
  if (!sent.ok) return sent;
  const requestId = sent.value.headers.get("x-request-id");
  let body: unknown;
  try {
    body = await sent.value.json();
  } catch (error) {
    if (call.signal?.aborted) throw error;
    return fail(pageFailure("cut_off", requestId));
  }
  const read = schema.safeParse(body);
  return read.success ? ok(read.data) : fail(pageFailure("unexpected_answer", requestId));
}
