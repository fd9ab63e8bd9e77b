import { z } from "@hono/zod-openapi";
import { requireKey } from "../../auth/caller.ts";
import { ApiError } from "../../errors.ts";
import { imageKey } from "../../images/store.ts";
import { jsonResponse, KEY_SECURITY, type Operation } from "../operation.ts";
import { digestParams, readDigest } from "./digest-param.ts";

export const deleteImage: Operation = {
  route: {
    method: "delete",
    path: "/v1/images/{digest}",
    summary: "Forget an image",
    security: KEY_SECURITY,
    request: { params: digestParams },
    responses: {
      200: jsonResponse(
        "Forgotten",
        z.object({ digest: z.string(), object: z.literal("image.deleted"), deleted: z.literal(true) }),
      ),
    },
  },
  middleware: [requireKey],
  handler: async (context) => {
    const digest = readDigest(context);
    const caller = context.get("caller");
    await caller.authorise("infer");
    const key = imageKey(caller.account, digest);
    if (!(await context.env.IMAGES.head(key)))
      throw new ApiError("image_not_found", `There is no image ${digest}.`);
    await context.env.IMAGES.delete(key);
    return context.json({ digest, object: "image.deleted", deleted: true });
  },
};
