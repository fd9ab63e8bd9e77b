/** What the commands have in common: options, examples, and how an answer is printed. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

/** The command was called wrongly; exit code 2. */
export class UsageError extends Error {}

interface Failure {
  /** Stable, as the API's codes are. */
  readonly code?: string | null;
  /** The API's; none for an error of this program's own. */
  readonly type?: string;
  readonly param?: string | null;
  /** Whether the same command may succeed later; exit code 3. */
  readonly later?: boolean;
  /** What a person at a terminal does about it, in a sentence. */
  readonly advice?: string | undefined;
}

/** The command was right, and failed; exit code 1 or 3. */
export class CommandError extends Error {
  /** What is wrong, as the API or this program says it; the error's message has the API's code before it. */
  readonly text: string;
  readonly code: string | null;
  readonly type: string;
  readonly param: string | null;
  readonly later: boolean;
  readonly advice: string | undefined;

  constructor(text: string, { code, type, param, later, advice }: Failure = {}) {
    super(code && type ? `${code}: ${text}` : text);
    this.text = text;
    this.code = code ?? null;
    this.type = type ?? "cli_error";
    this.param = param ?? null;
    this.later = later ?? false;
    this.advice = advice;
  }

  /** As the API writes its errors. */
  envelope(): object {
    const { text: message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

/** Why a file can't be read, by what reading it has thrown. */
export function unreadable(file: string, error: unknown): CommandError {
  const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new CommandError(UNREADABLE[reason]?.(file) ?? `${file} can't be read (${reason})`, {
    code: "file_unreadable",
  });
}

const UNREADABLE: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `there is no file ${file}`,
  EISDIR: (file) => `${file} is a folder`,
};

/** The command has printed by itself what is wrong; exit code 1. */
export class Unsuccessful extends Error {}

/** A command without options of its own yet. */
export function newCommand(name: string, summary: string) {
  return new Command(name).description(summary);
}

/** A command that prints an answer. */
export function printingCommand(name: string, summary: string) {
  return newCommand(name, summary)
    .optionsGroup("For programs:")
    .option("--json", "print one line of JSON, and an error as one too")
    .optionsGroup("Options:");
}

/** A command that asks the API with a key. */
export function apiCommand(name: string, summary: string) {
  return printingCommand(name, summary)
    .optionsGroup("Server:")
    .option("--url <url>", "the server; else TESSERA_URL, else the one that npm start runs")
    .option("--key <key>", "the API key; else TESSERA_API_KEY, else npm start's own")
    .optionsGroup("Options:");
}

/** A command that asks the API with the operator's key. */
export function operatorCommand(name: string, summary: string) {
  return printingCommand(name, summary)
    .optionsGroup("Server:")
    .option("--url <url>", "the server; else TESSERA_URL, else the one that npm start runs")
    .option("--admin-key <key>", "the operator's key; else TESSERA_ADMIN_KEY, else npm start's own")
    .optionsGroup("Options:");
}

/** Lines to paste, under the help. */
export function examples(...lines: readonly string[]): string {
  const title = lines.length > 1 ? "Examples:" : "Example:";
  return `\n${title}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** Prints an answer: the API's own as one line of JSON, or as people read it. */
export function print(json: boolean | undefined, answer: unknown, describe: () => string): void {
  const text = json ? JSON.stringify(answer) : describe();
  if (text !== "") console.log(text);
  else console.error("There is nothing to list.");
}

/** An option's number. */
export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It needs a number.");
  return value;
}

/** An option's count. */
export function toCount(text: string): number {
  const value = toNumber(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It needs a whole number, 1 or more.");
}

/** An option's amount of money, in micro-credits. */
export function toMicrocredits(text: string): number {
  const value = toNumber(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It is whole micro-credits: 0.5 credits = 500000.");
}

/** A key's id. */
export function toKeyId(text: string): string {
  if (text.startsWith("key_")) return text;
  throw new InvalidArgumentError("A key's id begins with key_; tessera keys list shows it.");
}

/** An option's time, in Unix seconds. */
export function toTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError("It needs a date like 2027-01-31 or 2027-01-31T12:00:00Z.");
  }
  return Math.floor(time / 1000);
}

/** An option that may be given several times. */
export function toList(text: string, former: string[] | undefined): string[] {
  return [...(former ?? []), text];
}

/** A number with its noun: 1 token, 2 tokens. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Unix seconds as a day in UTC. */
export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
