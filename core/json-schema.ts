/**
 * Which JSON Schemas an answer may be asked to follow. An engine compiles a schema into a grammar before it decodes, in
 * time and memory that a stranger must not choose: keywords are those below, and the schema is small however its
 * references are followed.
 */

/** The longest schema, as JSON in characters. */
export const MOST_SCHEMA_CHARACTERS = 16_384;
/** Schemas within schemas, references followed. */
const MOST_LEVELS = 10;
/** Schemas in all, each counted as often as it is referred to. */
const MOST_SCHEMAS = 512;
/** Of JSON, values of enum and const among it. */
const MOST_NESTING = 32;
/** Items of an array, and characters of a text. */
const MOST_REPETITIONS = 1024;
/**
 * Characters that different bounds on texts' lengths count in all, each pair of bounds once and for no more than 256: a
 * grammar holds one automaton for each pair, and xgrammar 0.2.8 takes about 3 ms of CPU for each character up to there.
 */
const MOST_BOUNDED_CHARACTERS = 512;
const MOST_COUNTED_CHARACTERS = 256;
/** Schemas of one anyOf. */
const MOST_BRANCHES = 16;
/**
 * Repetitions in all: a schema has one for itself, and one for each that its largest bound on length or number counts.
 * A bounded array costs no more for what its items are, since xgrammar repeats a rule by counting.
 */
const MOST_REPETITIONS_IN_ALL = 2048;

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];
const REPETITIONS = ["minItems", "maxItems", "minLength", "maxLength"];
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
/** Lower and upper bounds, and whether no value lies between equal ones. */
const OPPOSITES = [
  ["minLength", "maxLength", false],
  ["minItems", "maxItems", false],
  ["minimum", "maximum", false],
  ["minimum", "exclusiveMaximum", true],
  ["exclusiveMinimum", "maximum", true],
  ["exclusiveMinimum", "exclusiveMaximum", true],
] as const;
const NOTES = ["title", "description", "default", "examples", "$schema"];
const KEYWORDS = new Set([
  ...["type", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf"],
  ...["$ref", "$defs", ...REPETITIONS, ...NUMBERS, ...NOTES],
]);

type Json = Readonly<Record<string, unknown>>;

/** What of a schema is not taken, as the end of a sentence that begins with its place; undefined when all of it is. */
export function schemaProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return "it must be an object";
  // First, because to write it as text would overflow the stack.
  if (isDeeper(schema, MOST_NESTING)) return `it is nested deeper than ${MOST_NESTING} levels`;
  if (JSON.stringify(schema).length > MOST_SCHEMA_CHARACTERS) {
    return `it has more than ${MOST_SCHEMA_CHARACTERS} characters`;
  }
  if (!hasFiniteNumbers(schema)) return "it has a number that is not finite";
  return new Reader(schema).problem(schema, "", 1);
}

class Reader {
  readonly #definitions: Json;
  #schemas = 0;
  #repetitions = 0;
  /** Characters that each pair of a text's bounds counts. */
  readonly #texts = new Map<string, number>();

  constructor(root: Json) {
    this.#definitions = isObject(root.$defs) ? root.$defs : {};
  }

  problem(schema: unknown, at: string, level: number): string | undefined {
    // `true` is any value, which gives the grammar no end.
    if (!isObject(schema)) return `${at || "it"} must be an object`;
    this.#schemas += 1;
    if (this.#schemas > MOST_SCHEMAS) return `it has more than ${MOST_SCHEMAS} schemas, references followed`;
    if (level > MOST_LEVELS) return `${at} lies deeper than ${MOST_LEVELS} levels, references followed`;
    const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword));
    if (unknown !== undefined) return `'${join(at, unknown.slice(0, 64))}' is not supported`;
    const own = this.#ownProblem(schema, at);
    if (own !== undefined) return own;
    this.#repetitions += 1 + largest(schema, REPETITIONS);
    if (this.#repetitions > MOST_REPETITIONS_IN_ALL) {
      return `its bounds on length and number come to more than ${MOST_REPETITIONS_IN_ALL} repetitions, references followed`;
    }
    const characters = largest(schema, ["minLength", "maxLength"]);
    this.#texts.set(`${schema.minLength},${schema.maxLength}`, Math.min(characters, MOST_COUNTED_CHARACTERS));
    if (sum(this.#texts.values()) > MOST_BOUNDED_CHARACTERS) {
      return `its texts' different bounds on length come to more than ${MOST_BOUNDED_CHARACTERS} characters`;
    }
    return this.#innerProblem(schema, at, level);
  }

  #ownProblem(schema: Json, at: string): string | undefined {
    const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? "object"];
    if (types.length === 0 || types.some((type) => !TYPES.includes(type))) {
      return `'${join(at, "type")}' names no type of JSON`;
    }
    if (!["type", "enum", "const", "anyOf", "$ref"].some((keyword) => keyword in schema)) {
      return `'${at || "it"}' needs one of type, enum, const, anyOf, $ref`;
    }
    const repeated = REPETITIONS.find(
      (name) => name in schema && !isWithin(schema[name], 0, MOST_REPETITIONS),
    );
    if (repeated) return `'${join(at, repeated)}' must be a whole number up to ${MOST_REPETITIONS}`;
    const number = NUMBERS.find((name) => name in schema && !isSafeNumber(schema[name]));
    if (number) return `'${join(at, number)}' must be a number up to 2^53`;
    const bounds = boundsProblem(schema, types, at);
    if (bounds !== undefined) return bounds;
    if ("enum" in schema && !(Array.isArray(schema.enum) && schema.enum.length > 0)) {
      return `'${join(at, "enum")}' must be a list of values`;
    }
    const { required = [], properties = {} } = schema;
    if (!isObject(properties)) return `'${join(at, "properties")}' must be an object`;
    if (!Array.isArray(required) || required.some((name) => typeof name !== "string")) {
      return `'${join(at, "required")}' must be a list of names`;
    }
    return undefined;
  }

  #innerProblem(schema: Json, at: string, level: number): string | undefined {
    const inner: [string, unknown][] = Object.entries(
      isObject(schema.properties) ? schema.properties : {},
    ).map(([name, each]) => [join(at, `properties.${name.slice(0, 64)}`), each]);
    if ("items" in schema) inner.push([join(at, "items"), schema.items]);
    if ("anyOf" in schema) {
      if (!Array.isArray(schema.anyOf) || schema.anyOf.length === 0) {
        return `'${join(at, "anyOf")}' must be a list of schemas`;
      }
      if (schema.anyOf.length > MOST_BRANCHES) {
        return `'${join(at, "anyOf")}' has more than ${MOST_BRANCHES} schemas`;
      }
      schema.anyOf.forEach((each, index) => void inner.push([join(at, `anyOf.${index}`), each]));
    }
    if ("$defs" in schema) {
      if (level > 1 || !isObject(schema.$defs)) return `'${join(at, "$defs")}' must be an object at the top`;
      for (const [name, each] of Object.entries(schema.$defs)) {
        inner.push([`$defs.${name.slice(0, 64)}`, each]);
      }
    }
    const { additionalProperties } = schema;
    if (additionalProperties !== undefined && typeof additionalProperties !== "boolean") {
      inner.push([join(at, "additionalProperties"), additionalProperties]);
    }
    if ("$ref" in schema) {
      const reference = typeof schema.$ref === "string" ? schema.$ref : "";
      const name = /^#\/\$defs\/([^/~%]+)$/.exec(reference)?.[1];
      if (name === undefined || !Object.hasOwn(this.#definitions, name)) {
        return `'${join(at, "$ref")}' must be '#/$defs/' and the name of a definition`;
      }
      inner.push([`$defs.${name.slice(0, 64)}`, this.#definitions[name]]);
    }
    for (const [place, each] of inner) {
      const problem = this.problem(each, place, level + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}

/** The largest of a schema's bounds of these names; 0 without any. */
function largest(schema: Json, names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => Number(schema[name] ?? 0)));
}

/** Bounds that no value can keep, which an engine would find out only after the request was taken. */
function boundsProblem(schema: Json, types: readonly unknown[], at: string): string | undefined {
  const fraction = NUMBERS.find((name) => name in schema && !Number.isInteger(schema[name]));
  if (fraction && types.includes("integer") && !types.includes("number")) {
    return `'${join(at, fraction)}' must be a whole number, as the type is integer`;
  }
  for (const [least, most, isStrict] of OPPOSITES) {
    if (!(least in schema && most in schema)) continue;
    const [from, to] = [Number(schema[least]), Number(schema[most])];
    if (from > to || (isStrict && from === to)) {
      return `'${join(at, least)}' must be ${isStrict ? "less than" : "at most"} '${most}'`;
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDeeper(value: unknown, most: number): boolean {
  let values: unknown[] = [value];
  for (let level = 0; values.length > 0; level += 1) {
    if (level > most) return true;
    values = values.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}

/** 1e400 is JSON, is read as Infinity, and would be sent on as null. */
function hasFiniteNumbers(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(hasFiniteNumbers);
}

function isSafeNumber(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
