/** Images kept for an account, by digest. The account is part of the key, so one never learns what another keeps. */
import { fail, ok, type Result } from "../../core/result.ts";
import type { Digest } from "./digest.ts";
import { tooManyBytes } from "./limits.ts";

export function imageKey(account: string, digest: Digest): string {
  return `${account}/${digest}`;
}

export async function putImage(
  bucket: R2Bucket,
  account: string,
  digest: Digest,
  bytes: Uint8Array,
): Promise<void> {
  await bucket.put(imageKey(account, digest), bytes);
}

export interface StoredImageError {
  readonly code: "image_not_found" | "image_too_many_bytes";
  readonly message: string;
}

/** The bytes of an image that this account keeps, at most `limit`. */
export async function getImage(
  bucket: R2Bucket,
  account: string,
  digest: Digest,
  limit: number,
): Promise<Result<Uint8Array<ArrayBuffer>, StoredImageError>> {
  const object = await bucket.get(imageKey(account, digest));
  if (!object) return fail({ code: "image_not_found", message: `There is no image ${digest}.` });
  if (object.size > limit) {
    await object.body.cancel();
    return fail({ code: "image_too_many_bytes", message: tooManyBytes(limit) });
  }
  return ok(new Uint8Array(await object.arrayBuffer()));
}
