/** What went wrong at Replicate, told apart by what a caller can do. */
import { ApiError, DO_NOT_RETRY, retryAfter } from "../errors.ts";

export class ReplicateFailure extends Error {
  override readonly name = "ReplicateFailure";
  /** `refused`: this deployment's account or input; `busy`: later may help; `lost`: no answer; `failed`: the model. */
  readonly kind: "refused" | "busy" | "lost" | "failed";

  constructor(kind: ReplicateFailure["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** When a busy Replicate is worth asking again, in milliseconds; its own client has waited before. */
const BUSY_RETRY_MS = 10_000;

/**
 * Any error of a call to Replicate as a ReplicateFailure. Its answer's text may repeat the request, so it is left out.
 */
export function asReplicateFailure(error: unknown): ReplicateFailure {
  if (error instanceof ReplicateFailure) return error;
  const status = statusOf(error);
  if (status === undefined) return new ReplicateFailure("lost", `Replicate cannot be reached: ${error}`);
  const message = `Replicate answered ${status}.`;
  if (status === 429) return new ReplicateFailure("busy", message);
  return new ReplicateFailure(status < 500 ? "refused" : "lost", message);
}

function statusOf(error: unknown): number | undefined {
  const response: unknown = error instanceof Error && "response" in error ? error.response : undefined;
  return response instanceof Response ? response.status : undefined;
}

/** The same as the API says it. */
export function toApiError({ kind }: ReplicateFailure): ApiError {
  switch (kind) {
    case "busy":
      return new ApiError("no_worker", "Replicate takes no more requests for this model at the moment.", {
        headers: retryAfter(BUSY_RETRY_MS),
      });
    case "lost":
      return new ApiError("worker_lost", "Replicate, which serves this model, did not answer.");
    case "refused":
      return new ApiError(
        "engine_failed",
        "Replicate refused this deployment's request; its operator can see why.",
        {
          headers: DO_NOT_RETRY,
        },
      );
    case "failed":
      return new ApiError("engine_failed", "The model could not answer this request.");
  }
}
