/** `tessera tile`: the tiles of local image files, as hashes, for comparison with a reference. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Option } from "@commander-js/extra-typings";
import { planTiles } from "../core/anyres.ts";
import { imageTokens } from "../core/image-tokens.ts";
import { findModel, type Geometry, MODELS } from "../core/models.ts";
import { cutGrid } from "../core/tiles.ts";
import type { ImagePolicy, ImageRefusal } from "../core/vision.ts";
import { openNodeVision } from "../vision/node.ts";
import { examples, newCommand, Unsuccessful, unreadable } from "./command.ts";

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
      yield { file, error: { code: "file_unreadable", message: unreadable(file, bytes).text } };
      continue;
    }
    const prepared = await vision.prepare(bytes, geometry, policy);
    if (!prepared.ok) {
      yield { file, error: refusal(prepared.error) };
      continue;
    }
    const { width, height, grid, resized, base, view } = prepared.value;
    const plan = planTiles(width, height, geometry);
    yield {
      file,
      width,
      height,
      grid,
      resized,
      image_tokens: imageTokens(width, height, geometry).total,
      tiles: [base, ...cutGrid(view, plan, geometry.tile)].map(sha256),
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

export function tileCommand() {
  return newCommand("tile", "cut images into a model's tiles on this machine, without a server")
    .argument("<file...>", "the images")
    .addOption(
      new Option("--model <model>", "whose tiles").choices(MODELS.map(({ id }) => id)).default(MODELS[0]!.id),
    )
    .addOption(
      new Option(
        "--policy <policy>",
        "default turns an image as its EXIF says and puts it on white; reference does neither",
      )
        .choices(["default", "reference"] as const)
        .default("default" as const),
    )
    .addOption(
      new Option(
        "--pinpoints <rule>",
        "original reads the grids as the authors do, hf as Hugging Face does, model as the model's entry says",
      )
        .choices(["original", "hf", "model"] as const)
        .default("model" as const),
    )
    .option("--json", "accepted, and changes nothing: it prints one line of JSON for each file")
    .addHelpText(
      "after",
      `
Prints each file's size, grid, resized size, image tokens, and the SHA-256 of each tile.
A refused file's line says why, and makes the exit code 1.
${examples("tessera tile models/tessera-tiny/examples/star.png --model llava-v1.6-34b")}`,
    )
    .action(async (files, options) => {
      let refused = false;
      for await (const report of tile(files, options)) {
        refused ||= "error" in report;
        console.log(JSON.stringify(report));
      }
      if (refused) throw new Unsuccessful();
    });
}
