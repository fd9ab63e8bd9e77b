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
  const local = readDeveloper(env);
  const url = options.url || env.TESSERA_URL || local?.url;
  if (!url)
    throw new CommandError("no server is running here. Start one with npm start, or give --url and --key.");
  if (!URL.canParse(url)) throw new UsageError(`--url needs a URL, not '${url}'`);
  // The local key is for the local server alone: no other may see it.
  const key = options.key || env.TESSERA_API_KEY || (url === local?.url ? local.apiKey : undefined);
  if (!key) throw new CommandError(`there is no key for ${url}. Give --key, or set TESSERA_API_KEY.`);
  return { url: url.replace(/\/+$/, ""), key };
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
