import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandError, UsageError } from "./command.ts";

/** Where the API is, and the key that opens it. */
export interface Connection {
  readonly url: string;
  readonly key: string;
}

/** Options that every command which talks to a server takes. */
export const connectionOptions = { url: { type: "string" }, key: { type: "string" } } as const;

const developer = z.object({ url: z.string(), apiKey: z.string() });

type Environment = Readonly<Record<string, string | undefined>>;

/** From options, else the environment, else the file that a running `npm start` keeps. */
export function findConnection(
  options: { url?: string | undefined; key?: string | undefined },
  env: Environment = process.env,
): Connection {
  const url = options.url || env.TESSERA_URL;
  const key = options.key || env.TESSERA_API_KEY;
  const local = url && key ? undefined : readDeveloper(env);
  const found = { url: url ?? local?.url, key: key ?? local?.apiKey };
  if (!found.url || !found.key) {
    throw new CommandError("no server is running here. Start one with npm start, or give --url and --key.");
  }
  if (!URL.canParse(found.url)) throw new UsageError(`--url needs a URL, not '${found.url}'`);
  return { url: found.url.replace(/\/+$/, ""), key: found.key };
}

function readDeveloper(env: Environment): z.infer<typeof developer> | undefined {
  const file = join(env.TESSERA_HOME || ".tessera", "dev.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    return developer.parse(JSON.parse(text));
  } catch {
    throw new CommandError(`${file} is damaged; start again with npm start.`);
  }
}
