import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { request } from "./api.ts";
import { unreadable } from "./command.ts";
import type { Connection } from "./connection.ts";

/** The API takes 10 MiB of data URLs a request; larger images are uploaded. */
const INLINE_BYTES = 10 * 2 ** 20;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".gif": "image/gif",
};

/** Whether an argument is an address that the server itself resolves, and not a file. */
export function isAddress(argument: string): boolean {
  return /^(https?|data|sha256):/i.test(argument);
}

/** Whether an argument is named as a file of an image is, whether there is one or not. */
export function hasImageName(argument: string): boolean {
  return !/\s/.test(argument) && extname(argument).toLowerCase() in MEDIA_TYPES;
}

/** What the API needs to find each image: addresses as they are, files inside the request or uploaded. */
export async function imageUrls(connection: Connection, images: readonly string[]): Promise<string[]> {
  const files = new Map(images.filter((image) => !isAddress(image)).map((file) => [file, readImage(file)]));
  const bytes = images.reduce((sum, image) => sum + (files.get(image)?.length ?? 0), 0);
  const urlOf = async (image: string): Promise<string> => {
    const file = files.get(image);
    if (!file) return image;
    return bytes <= INLINE_BYTES ? dataUrl(image, file) : upload(connection, file);
  };
  return Promise.all(images.map(urlOf));
}

function readImage(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function dataUrl(file: string, bytes: Buffer): string {
  const type = MEDIA_TYPES[extname(file).toLowerCase()] ?? "application/octet-stream";
  return `data:${type};base64,${bytes.toString("base64")}`;
}

async function upload(connection: Connection, bytes: Buffer): Promise<string> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await request(connection, { method: "PUT", path: `/v1/images/${digest}`, body: bytes });
  return digest;
}
