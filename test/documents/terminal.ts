/** A newcomer's terminal: runs a page's snippets as they are pasted, one after the other. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Address } from "../helpers/product.ts";
import { newAccount, SCALER_TOKEN, sharedProduct } from "../helpers/shared.ts";
import { type Ran, runProgram } from "../helpers/tessera.ts";
import { REPOSITORY, type Snippet } from "./pages.ts";

/** Where `npm start` is, unless it is told otherwise. The shared product has another port. */
const USUAL_URL = "http://127.0.0.1:8787";
/** Written by a test run, and not what a clone has. */
const NOT_CLONED = new Set([".git", ".tessera", ".wrangler"]);

/** What `npx` finds in a clone: its own command. Run directly, since npm takes a second to find it. */
const { bin } = z
  .object({ bin: z.object({ tessera: z.string() }) })
  .parse(JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")));

/** What a snippet sets, the page's next one finds, as in a shell that stays open; a command that fails ends it. */
const SHELL = `set -eu -o pipefail -o allexport
. ./.variables
npx() {
  [ "$1" = tessera ] || { command npx "$@"; return; }
  shift
  node ${bin.tessera} "$@"
}
`;

export class Terminal {
  /** Looks like a clone whose `npm start` runs, with an account of its own; what is written here is thrown away. */
  readonly #folder = mkdtempSync(join(tmpdir(), "tessera-documents-"));
  readonly #path: string;

  /** `programs`: a folder that comes first in the PATH. */
  static async open(programs?: string): Promise<Terminal> {
    const { key, webhookSecret } = await newAccount(100_000_000);
    return new Terminal({ ...sharedProduct(), apiKey: key, webhookSecret }, programs);
  }

  private constructor(product: Address, programs: string | undefined) {
    for (const name of readdirSync(REPOSITORY).filter((each) => !NOT_CLONED.has(each))) {
      symlinkSync(join(REPOSITORY, name), join(this.#folder, name));
    }
    mkdirSync(join(this.#folder, ".tessera"));
    writeFileSync(join(this.#folder, ".tessera/dev.json"), JSON.stringify(product));
    writeFileSync(join(this.#folder, ".variables"), "");
    this.#path = [programs, process.env.PATH].filter((part) => part !== undefined).join(":");
  }

  /** Runs a shell's lines, or saves what its page gives a file's name. */
  async run(snippet: Snippet): Promise<Ran> {
    const text = snippet.text.replaceAll(USUAL_URL, sharedProduct().url);
    if (snippet.file !== null) {
      this.#write(snippet.file, text);
      return { code: 0, out: "", err: "" };
    }
    const env = { PATH: this.#path, TESSERA_SCALER_TOKEN: SCALER_TOKEN };
    const script = `${SHELL}${text}\nexport -p > .variables`;
    return runProgram("bash", ["-c", script], env, this.#folder);
  }

  #write(name: string, text: string): void {
    const path = join(this.#folder, name);
    // A link into the repository is replaced, not followed.
    rmSync(path, { force: true });
    writeFileSync(path, text);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
