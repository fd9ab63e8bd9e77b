/** `tessera tile`: the tiles of local image files, as hashes, for comparison with a reference. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { planTiles } from "../core/anyres.ts";
import { imageTokens } from "../core/image-tokens.ts";
import { findModel, type Geometry, MODELS } from "../core/models.ts";
import type { ImagePolicy, ImageRefusal } from "../core/vision.ts";
import { openNodeVision } from "../vision/node.ts";
import { cutTiles } from "../vision/tiles.ts";

/** How the pinpoints are read: as the authors' code does, as Hugging Face's does, or as the model's entry says. */
export type PinpointRule = "original" | "hf" | "model";

export interface TileOptions {
  readonly model: string;
  readonly policy: ImagePolicy;
  readonly pinpoints: PinpointRule;
}

/** What `tessera tile` prints about one file. Sizes in pixels, as [width, height]. */
export type TileReport =
  | {
      readonly file: string;
      readonly width: number;
      readonly height: number;
      readonly grid: readonly [number, number];
      readonly resized: readonly [number, number];
      readonly image_tokens: number;
      /** SHA-256 of each tile's RGB bytes: the base tile, then the grid row by row. */
      readonly tiles: readonly string[];
    }
  | { readonly file: string; readonly error: { readonly code: string; readonly message: string } };

/** Tiles files in order. Throws on an unknown model. */
export async function* tile(
  files: readonly string[],
  { model, policy, pinpoints }: TileOptions,
): AsyncGenerator<TileReport> {
  const entry = findModel(model);
  if (!entry) throw new Error(`There is no model ${model}.`);
  const geometry = withRule(entry.geometry, pinpoints);
  const vision = openNodeVision();
  for (const file of files) {
    const bytes = await readFile(file).catch((error: unknown) => error);
    if (!(bytes instanceof Uint8Array)) {
      yield { file, error: { code: "file_unreadable", message: String(bytes) } };
      continue;
    }
    const prepared = await vision.prepare(bytes, geometry, policy);
    if (!prepared.ok) {
      yield { file, error: refusal(prepared.error) };
      continue;
    }
    const { width, height, grid, resized } = prepared.value;
    const { pad } = planTiles(width, height, geometry);
    yield {
      file,
      width,
      height,
      grid,
      resized,
      image_tokens: imageTokens(width, height, geometry).total,
      tiles: cutTiles(prepared.value, pad, geometry.tile).map(sha256),
    };
  }
}

function withRule(geometry: Geometry, rule: PinpointRule): Geometry {
  if (rule === "original") return { ...geometry, pinpointOrder: "wh", unpad: "truncate" };
  return rule === "hf" ? { ...geometry, pinpointOrder: "hw", unpad: "exact" } : geometry;
}

function refusal({ code, message }: ImageRefusal) {
  return { code, message };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const USAGE = `Usage: tessera tile FILE… --model MODEL [--policy default|reference] [--pinpoints original|hf] --json

Prints a line of JSON for each file: its size, grid, resized size, image tokens, and the SHA-256 of each tile.
Models: ${MODELS.map(({ id }) => id).join(", ")}
`;

/** Runs `tessera tile`; the exit code is 0 when all files were tiled, 1 when one was refused, 2 for wrong usage. */
export async function tileCommand(argv: readonly string[]): Promise<number> {
  const request = parse(argv);
  if (!request) {
    process.stderr.write(USAGE);
    return 2;
  }
  let refused = false;
  for await (const report of tile(request.files, request.options)) {
    refused ||= "error" in report;
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  return refused ? 1 : 0;
}

function parse(argv: readonly string[]): { files: string[]; options: TileOptions } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        model: { type: "string" },
        policy: { type: "string", default: "default" },
        pinpoints: { type: "string", default: "model" },
        json: { type: "boolean" },
      },
    });
    const { model, policy, pinpoints } = values;
    if (positionals.length === 0 || !model || !findModel(model)) return undefined;
    if (policy !== "default" && policy !== "reference") return undefined;
    if (pinpoints !== "original" && pinpoints !== "hf" && pinpoints !== "model") return undefined;
    return { files: positionals, options: { model, policy, pinpoints } };
  } catch {
    return undefined;
  }
}
