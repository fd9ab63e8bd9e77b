/** The one taxonomy of errors and the one envelope they leave in. docs/errors.md lists every code. */

interface Kind {
  readonly status: 400 | 401 | 402 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 502 | 503 | 504;
  readonly type: string;
}

const request = (status: Kind["status"] = 400): Kind => ({ status, type: "invalid_request_error" });
const authentication = (status: Kind["status"] = 401): Kind => ({ status, type: "authentication_error" });
const permission: Kind = { status: 403, type: "permission_error" };
const billing: Kind = { status: 402, type: "billing_error" };
const limit: Kind = { status: 429, type: "rate_limit_error" };
const server = (status: Kind["status"]): Kind => ({ status, type: "server_error" });

/** Every code the API can answer with. */
export const ERROR_KINDS = {
  malformed_json: request(),
  invalid_value: request(),
  unsupported_parameter: request(),
  unsupported_media_type: request(415),
  body_too_large: request(413),
  text_too_long: request(),
  missing_user_turn: request(),
  context_length_exceeded: request(),
  too_many_images: request(),
  idempotency_key_invalid: request(),
  idempotency_key_in_use: request(409),
  idempotency_key_reused: request(422),
  job_canceled: request(409),

  url_invalid: request(),
  url_not_public: request(),
  image_data_url_invalid: request(),
  image_unreachable: request(),
  image_download_timeout: request(),
  image_too_many_redirects: request(),
  image_digest_mismatch: request(),
  image_empty: request(),
  image_format_unsupported: request(),
  image_too_many_bytes: request(413),
  image_too_many_pixels: request(413),
  image_dimensions_invalid: request(),
  image_truncated: request(),
  image_corrupt: request(),
  image_feature_unsupported: request(),

  missing_api_key: authentication(),
  invalid_api_key: authentication(),
  api_key_expired: authentication(),
  insufficient_scope: permission,
  model_not_allowed: permission,
  account_suspended: permission,
  exceeds_own_key: permission,
  insufficient_credit: billing,
  budget_exceeded: billing,
  max_cost_exceeded: billing,
  rate_limit_exceeded: limit,
  concurrency_limit_exceeded: limit,

  not_found: request(404),
  method_not_allowed: request(405),
  model_not_found: request(404),
  image_not_found: request(404),
  job_not_found: request(404),
  key_not_found: request(404),
  receipt_not_found: request(404),
  account_not_found: request(404),
  delivery_not_found: request(404),

  key_revoked: request(409),
  too_many_keys: request(409),
  entry_conflict: request(409),
  credit_not_free: request(409),
  too_much_credit: request(409),
  charge_not_found: request(404),
  refund_too_large: request(409),

  internal_error: server(500),
  engine_failed: server(502),
  empty_output: server(502),
  endless_repetition: server(502),
  worker_lost: server(502),
  attempts_exhausted: server(502),
  no_worker: server(503),
  deadline_exceeded: server(504),
} as const satisfies Record<string, Kind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

/** Whether a stored failure's code is one that the API answers with. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_KINDS, code);
}

interface Details {
  /** The request's field that is wrong, as a path. */
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What OpenAI's clients read before they retry by themselves (openai-node `src/client.ts`, shouldRetry). */
export const DO_NOT_RETRY = { "x-should-retry": "false" } as const;

/**
 * An error on its way out of a route. What only the caller can mend, and waiting can't, is marked so that clients don't
 * send it again by themselves.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message);
    this.code = code;
    this.param = details.param ?? null;
    const { headers = {} } = details;
    const mendable = this.status < 500 && !("retry-after" in headers);
    this.headers = mendable ? { ...DO_NOT_RETRY, ...headers } : headers;
  }

  get status(): Kind["status"] {
    return ERROR_KINDS[this.code].status;
  }

  /** The body of the answer, also of an error inside a stream. */
  envelope(): { error: { message: string; type: string; param: string | null; code: ErrorCode } } {
    return {
      error: { message: this.message, type: ERROR_KINDS[this.code].type, param: this.param, code: this.code },
    };
  }
}

/** Headers that tell a client when to come back, in both forms that clients read. */
export function retryAfter(milliseconds: number): Record<string, string> {
  return {
    "retry-after": String(Math.ceil(milliseconds / 1000)),
    "retry-after-ms": String(Math.ceil(milliseconds)),
  };
}

/** Any thrown value as what a caller may see of it. What is not an API error is a bug, whose details never leave. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError("internal_error", "Something went wrong inside Tessera.");
}
