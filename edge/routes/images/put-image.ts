import { z } from "@hono/zod-openapi";
import { orientedSize } from "../../../core/vision.ts";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { digestOf } from "../../images/digest.ts";
import { MAX_IMAGE_BYTES, tooManyBytes } from "../../images/limits.ts";
import { putImage as storeImage } from "../../images/store.ts";
import { readBody } from "../../read-bytes.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { digestParams, readDigest } from "./digest-param.ts";

/** How many of a key's calls one takes. */
const UPLOAD_WEIGHT = 20;

const imageObject = z
  .object({
    digest: z.string(),
    object: z.literal("image"),
    bytes: z.int(),
    format: z.enum(["jpeg", "png", "webp", "gif"]),
    width: z.int(),
    height: z.int(),
  })
  .openapi("Image");

export const putImage: Operation = {
  route: {
    method: "put",
    path: "/v1/images/{digest}",
    summary: "Upload an image once, ask about it often",
    description: "The body is the image itself. Afterwards `image_url.url` may be its digest.",
    security: KEY_SECURITY,
    request: {
      params: digestParams,
      body: {
        required: true,
        content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
      },
    },
    responses: { 201: jsonResponse("Kept", imageObject) },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const digest = readDigest(context);
    const caller = context.get("caller");
    await caller.authorise("infer", { weight: UPLOAD_WEIGHT });
    const bytes = await readBody(context.req.raw, MAX_IMAGE_BYTES);
    if (!bytes) {
      throw new ApiError("image_too_many_bytes", tooManyBytes(MAX_IMAGE_BYTES));
    }
    if ((await digestOf(bytes)) !== digest) {
      throw new ApiError("image_digest_mismatch", "The body's SHA-256 is not the digest in the path.");
    }
    const probe = await context.env.VISION.probe(bytes);
    if (!probe.ok) throw new ApiError(probe.error.code, probe.error.message);
    // Long uploads outlive keys and accounts.
    await caller.authorise("infer");
    await storeImage(context.env.IMAGES, caller.account, digest, bytes);
    const [width, height] = orientedSize(probe.value);
    return context.json(
      { digest, object: "image", bytes: bytes.length, format: probe.value.format, width, height },
      201,
    );
  },
};
