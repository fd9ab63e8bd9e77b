/**
 * What a caller reads of a body or query that does not follow its schema: the field, and in a sentence what it must be.
 */
import type { z } from "zod";
import { ApiError } from "./errors.ts";

/** How much of a field's path an error repeats: names inside it may be the caller's own. */
const MAX_PATH_CHARACTERS = 128;

type Issue = z.core.$ZodIssue;

/** The first thing that is wrong with an input. To name what it got, the schema is to be parsed with `reportInput`. */
export function firstIssue(error: z.core.$ZodError): Issue {
  return deepest(error.issues[0]!);
}

/** The refusal of an input that has this issue. */
export function wrongField(issue: Issue): ApiError {
  if (issue.code === "unrecognized_keys") {
    const param = pathOf([...issue.path, issue.keys[0] ?? ""]);
    return new ApiError("unsupported_parameter", `The parameter '${param}' is not supported.`, { param });
  }
  const param = pathOf(issue.path);
  const where = param === "" ? "The body" : `'${param}'`;
  return new ApiError("invalid_value", `${where} ${problemOf(issue)}.`, param === "" ? {} : { param });
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.join(".").slice(0, MAX_PATH_CHARACTERS);
}

/** The end of a sentence that begins with the field. */
function problemOf(issue: Issue): string {
  const value = wrongValue(issue);
  const types = typesOf(issue);
  const demand = types.length > 0 ? `must be ${oneOf(types.map(nameOf))}` : demandOf(issue);
  // JSON has no undefined: a field without a value is one that was left out.
  if (value === undefined) return demand === undefined ? "is missing" : `is missing; it ${demand}`;
  if (demand === undefined) return `is not valid: ${issue.message}`;
  // A number that is no number of the right kind: one with a fraction, or a query's text.
  const isNumber = typeof value === "number" && types.some((type) => type === "number" || type === "int");
  return types.length === 0 || isNumber ? demand : `${demand}, not ${nameOf(typeOf(value))}`;
}

/** The value that is wrong: of an object whose kind is told by one of its fields, that field's. */
function wrongValue(issue: Issue): unknown {
  if (issue.code !== "invalid_union" || issue.discriminator === undefined) return issue.input;
  return Object.entries(issue.input ?? {}).find(([name]) => name === issue.discriminator)?.[1];
}

/** The types that the value may have, where its type is what is wrong. */
function typesOf(issue: Issue): string[] {
  if (issue.code === "invalid_type") return issue.expected === "nonoptional" ? [] : [issue.expected];
  if (issue.code !== "invalid_union" || issue.discriminator !== undefined) return [];
  return [...new Set(issue.errors.flatMap(([first]) => (first ? typesOf(first) : [])))];
}

const NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
};

function nameOf(type: string): string {
  return NAMES[type] ?? type;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** What a value of the right type must be; undefined where the schema says it in its own words. */
function demandOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${oneOf(issue.values.map((value) => JSON.stringify(value)))}`;
    case "invalid_union":
      return "options" in issue && issue.options
        ? `must be ${oneOf(issue.options.map((option) => JSON.stringify(option)))}`
        : undefined;
    case "too_small":
      return `must ${bound(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum)}`;
    case "too_big":
      return `must ${bound(issue.origin, issue.inclusive ? "at most" : "less than", issue.maximum)}`;
    default:
      return undefined;
  }
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  const unit = origin === "string" ? "character" : origin === "array" ? "item" : null;
  if (unit === null) return `be ${comparison} ${limit}`;
  return `have ${comparison} ${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
}

function oneOf(choices: readonly string[]): string {
  const last = choices.at(-1) ?? "";
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(", ")} or ${last}`;
}

/**
 * Inside a union, the branch of the value's type says best what is wrong, and of several the one that came furthest.
 */
function deepest(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors
    .flatMap(([first]) => (first ? [deepest(first)] : []))
    .filter(({ code, path }) => path.length > 0 || code !== "invalid_type")
    .toSorted((left, right) => right.path.length - left.path.length)[0];
  return inner ? { ...inner, path: [...issue.path, ...inner.path] } : issue;
}
