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

/** The image's bytes, or null when this account keeps no such image. */
export async function getImage(
  bucket: R2Bucket,
  account: string,
  digest: Digest,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const object = await bucket.get(imageKey(account, digest));
  return object && new Uint8Array(await object.arrayBuffer());
}
