import { z } from "@hono/zod-openapi";
import { ApiError } from "../../errors.ts";
import { type Digest, isDigest } from "../../images/digest.ts";
import type { AppContext } from "../operation.ts";

export const digestParams = z.object({
  digest: z
    .string()
    .openapi({ pattern: "^sha256:[0-9a-f]{64}$", description: "sha256:<hex> of the image's bytes" }),
});

/** The path's digest. Throws when it is none. */
export function readDigest(context: AppContext): Digest {
  const digest = context.req.param("digest") ?? "";
  if (!isDigest(digest)) {
    throw new ApiError("invalid_value", "The digest must be sha256: and 64 lower-case hex digits.", {
      param: "digest",
    });
  }
  return digest;
}
