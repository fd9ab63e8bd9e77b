import { createHash } from "node:crypto";
import { cp, mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const WEIGHTS = fileURLToPath(new URL("../../models/tessera-tiny/weights", import.meta.url));
const TENSORS = "model.safetensors";
/** The norm before the logits: with 0 every token is as likely as any other, with NaN none is. */
const LAST_NORM = "language_model.model.norm.weight";

const manifest = z.object({ files: z.record(z.string(), z.string()) });
const entry = z.object({ data_offsets: z.tuple([z.int(), z.int()]) });

/** tessera-tiny's weights in a temporary folder, spoiled but with a right manifest; a float16 by its bits. */
export async function spoiledWeights(float16: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-spoiled-"));
  await cp(WEIGHTS, folder, { recursive: true });
  const path = join(folder, TENSORS);
  const bytes = await readFile(path);
  const header = Number(bytes.readBigUInt64LE());
  const names = z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString("utf8", 8, 8 + header)));
  const [begin, end] = entry.parse(names[LAST_NORM]).data_offsets;
  const file = await open(path, "r+");
  const values = Buffer.from(Uint16Array.from({ length: (end - begin) / 2 }, () => float16).buffer);
  await file.write(values, 0, values.length, 8 + header + begin);
  await file.close();
  const { files } = manifest.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  const sum = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ files: { ...files, [TENSORS]: sum } }));
  return folder;
}

export const ZERO = 0;
export const NOT_A_NUMBER = 0x7e00;
