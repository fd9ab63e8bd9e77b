/** The folder of a model's weights: checked against its manifest before anything is loaded from it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { fail, ok, type Result } from "../../../core/result.ts";

/** What the engine reads from the folder; a manifest that lacks one of them is incomplete. */
export const WEIGHT_FILES = {
  config: "config.json",
  tokenizer: "tokenizer.json",
  tensors: "model.safetensors",
  vision: "vision_encoder.onnx",
  embed: "embed_tokens.onnx",
  prefill: "prefill.onnx",
  decode: "decode.onnx",
} as const;

export interface WeightsError {
  readonly code: "weights_missing" | "weights_altered";
  readonly message: string;
}

const manifest = z.looseObject({ files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)) });

/** Whether every file that `manifest.json` lists is there with its SHA-256, and every needed file is listed. */
export async function checkWeights(folder: string): Promise<Result<void, WeightsError>> {
  const sums = await readManifest(folder);
  if (!sums.ok) return sums;
  for (const name of Object.values(WEIGHT_FILES)) {
    if (!(name in sums.value)) return missing(`${join(folder, "manifest.json")} does not list ${name}`);
  }
  for (const [name, expected] of Object.entries(sums.value)) {
    const found = await sha256(join(folder, name));
    if (found === undefined) return missing(`${join(folder, name)} cannot be read`);
    if (found !== expected) {
      const message = `${join(folder, name)} has SHA-256 ${found}, its manifest says ${expected}`;
      return fail({ code: "weights_altered", message });
    }
  }
  return ok(undefined);
}

function missing(message: string) {
  return fail({ code: "weights_missing", message } as const);
}

async function readManifest(folder: string): Promise<Result<Record<string, string>, WeightsError>> {
  const path = join(folder, "manifest.json");
  try {
    return ok(manifest.parse(await readJson(path)).files);
  } catch {
    return missing(`${path} is missing or not a manifest`);
  }
}

async function sha256(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return undefined;
  }
  return hash.digest("hex");
}

export async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

const tensorEntry = z.looseObject({
  dtype: z.enum(["F32", "F16", "BF16"]),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * One tensor of a safetensors file as float32 (huggingface/safetensors, "Format": the header's length as 64 bits,
 * a JSON header, then the tensors). Throws when the file lacks it.
 */
export async function readTensor(path: string, name: string): Promise<Float32Array> {
  const file = await open(path);
  try {
    const length = Number((await readAt(file, 0, 8)).getBigUint64(0, true));
    const header = new TextDecoder().decode(await readAt(file, 8, length));
    const entry = tensorEntry.parse(z.record(z.string(), z.unknown()).parse(JSON.parse(header))[name]);
    const [begin, end] = entry.data_offsets;
    const bytes = await readAt(file, 8 + length + begin, end - begin);
    const size = entry.dtype === "F32" ? 4 : 2;
    return Float32Array.from({ length: bytes.byteLength / size }, (_, index) =>
      readNumber(bytes, index * size, entry.dtype),
    );
  } finally {
    await file.close();
  }
}

async function readAt(file: Awaited<ReturnType<typeof open>>, position: number, length: number) {
  const view = new DataView(new ArrayBuffer(length));
  const { bytesRead } = await file.read(view, 0, length, position);
  if (bytesRead !== length) throw new Error("The safetensors file ends early.");
  return view;
}

function readNumber(bytes: DataView, at: number, type: "F32" | "F16" | "BF16"): number {
  if (type === "F32") return bytes.getFloat32(at, true);
  const half = bytes.getUint16(at, true);
  return type === "F16" ? float16(half) : bfloat16(half);
}

function float16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
