/** Images kept for an account, by digest. The account is part of the key, so one never learns what another keeps. */
import type { Digest } from "./digest.ts";

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

/** The image's bytes; null when this account keeps no such image, and "too many" when it has more bytes than `limit`. */
export async function getImage(
  bucket: R2Bucket,
  account: string,
  digest: Digest,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | "too many" | null> {
  const object = await bucket.get(imageKey(account, digest));
  if (!object) return null;
  if (object.size > limit) {
    await object.body.cancel();
    return "too many";
  }
  return new Uint8Array(await object.arrayBuffer());
}
