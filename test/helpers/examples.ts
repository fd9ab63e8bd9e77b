/** The committed example pictures, and what the model answers about them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const FOLDER = join(import.meta.dirname, "../../models/tessera-tiny/examples");

const list = z.array(z.object({ file: z.string(), question: z.string(), answer: z.string() })).min(3);

export interface Example {
  readonly path: string;
  readonly bytes: Buffer;
  readonly question: string;
  readonly answer: string;
}

export const EXAMPLES: readonly Example[] = list
  .parse(JSON.parse(readFileSync(join(FOLDER, "examples.json"), "utf8")))
  .map(({ file, question, answer }) => {
    const path = join(FOLDER, file);
    return { path, bytes: readFileSync(path), question, answer };
  });

/** Any of them, for tests that need some picture. */
export const EXAMPLE: Example = EXAMPLES[0]!;
