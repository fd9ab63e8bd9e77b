import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schemaProblem } from "./json-schema.ts";

const PERSON = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Person",
  type: "object",
  properties: {
    name: { type: "string", maxLength: 64 },
    age: { anyOf: [{ type: "integer", minimum: 0, maximum: 150 }, { type: "null" }] },
    mood: { enum: ["good", "bad"], description: "Today's." },
    address: { $ref: "#/$defs/Address" },
    tags: { type: "array", items: { type: "string" }, maxItems: 8 },
  },
  required: ["name", "age"],
  additionalProperties: false,
  $defs: { Address: { type: "object", properties: { street: { type: ["string", "null"] } } } },
};

/** Each definition refers to the next one eight times. */
function multiplied(levels: number) {
  const definitions = Array.from({ length: levels }, (_, index) => {
    const next = { $ref: `#/$defs/d${index + 1}` };
    const properties = Object.fromEntries([..."abcdefgh"].map((name) => [name, next]));
    return [`d${index}`, { type: "object", properties }] as const;
  });
  return {
    $ref: "#/$defs/d0",
    $defs: { ...Object.fromEntries(definitions), [`d${levels}`]: { type: "string" } },
  };
}

function nested(depth: number): unknown {
  let value: unknown = "x";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("a schema for answers", () => {
  it("may be what common libraries write for a type", () => {
    expect(schemaProblem(PERSON)).toBeUndefined();
  });

  it("may be one for extraction, of many fields and a list of records", () => {
    const fields = Array.from({ length: 20 }, (_, index) => [
      `field${index}`,
      { type: "string", ...(index < 4 && { maxLength: 200 }) },
    ]);
    const record = { type: "object", properties: Object.fromEntries(fields.slice(4, 9)) };
    const records = { type: "array", maxItems: 20, items: record };
    expect(
      schemaProblem({ type: "object", properties: { ...Object.fromEntries(fields), records } }),
    ).toBeUndefined();
  });

  it("may bound a list of records and each of their texts", () => {
    const lengths = [64, 64, 40, 200, 12];
    const texts = lengths.map((maxLength, index) => [`text${index}`, { type: "string", maxLength }]);
    const record = { type: "object", properties: Object.fromEntries(texts) };
    for (const maxItems of [20, 1024]) {
      expect(schemaProblem({ type: "array", maxItems, items: record })).toBeUndefined();
    }
  });

  it("may bound lists and their texts as far as the bounds add up to little", () => {
    const size = fc.integer({ min: 1, max: 1024 });
    fc.assert(
      fc.property(size, size, size, (outer, inner, maxLength) => {
        const list = { type: "array", maxItems: inner, items: { type: "string", maxLength } };
        const problem = schemaProblem({ type: "array", maxItems: outer, items: list });
        expect(problem === undefined).toBe(3 + outer + inner + maxLength <= 2048);
      }),
    );
  });

  it.each([
    ["no object", [], /must be an object/],
    ["nothing in it", {}, /needs one of type/],
    ["a type of nobody's", { type: "date" }, /'type' names no type/],
    ["any value within", { type: "array", items: true }, /items must be an object/],
    ["a pattern", { type: "string", pattern: "(a{1,1000}){1,1000}" }, /^'pattern' is not supported$/],
    [
      "a pattern far within",
      { type: "object", properties: { a: { type: "array", items: { type: "string", format: "date" } } } },
      /^'properties\.a\.items\.format' is not supported$/,
    ],
    [
      "a pattern in an unused definition",
      { type: "string", $defs: { a: { pattern: "a" } } },
      /'\$defs\.a\.pattern'/,
    ],
    ["too many repetitions", { type: "string", maxLength: 1_000_000 }, /'maxLength' must be .* 1024/],
    ["a bound without end", { type: "integer", maximum: 1e300 }, /'maximum' must be a number/],
    [
      "a number that JSON.parse reads as Infinity",
      JSON.parse('{ "enum": [1e400] }'),
      /a number that is not finite/,
    ],
    [
      "no length",
      { type: "string", minLength: 3, maxLength: 2 },
      /^'minLength' must be at most 'maxLength'$/,
    ],
    [
      "no number of items",
      { type: "array", items: { type: "null" }, minItems: 3, maxItems: 2 },
      /^'minItems' must be at most/,
    ],
    [
      "no number between",
      { type: "number", minimum: 1, maximum: 0.5 },
      /^'minimum' must be at most 'maximum'$/,
    ],
    [
      "no number between equal bounds",
      {
        type: "object",
        properties: { a: { type: "number", exclusiveMinimum: 1, maximum: 1 } },
      },
      /^'properties\.a\.exclusiveMinimum' must be less than 'maximum'$/,
    ],
    ["half an integer", { type: "integer", maximum: 0.5 }, /^'maximum' must be a whole number/],
    [
      "bounds that add up",
      {
        type: "object",
        properties: Object.fromEntries(
          Array.from({ length: 8 }, (_, index) => [`p${index}`, { type: "string", maxLength: 1024 }]),
        ),
      },
      /repetitions, references followed/,
    ],
    [
      "texts of many different lengths",
      {
        type: "object",
        properties: Object.fromEntries(
          Array.from({ length: 8 }, (_, index) => [
            `p${index}`,
            { type: "string", minLength: index, maxLength: 100 },
          ]),
        ),
      },
      /different bounds on length come to more than 512 characters$/,
    ],
    [
      "more branches than are tried at once",
      { anyOf: Array.from({ length: 17 }, () => ({ type: "null" })) },
      /^'anyOf' has more than 16 schemas$/,
    ],
    ["no values", { enum: [] }, /'enum' must be a list/],
    ["a reference to elsewhere", { $ref: "https://example.com/schema" }, /'\$ref' must be/],
    ["a reference to nothing", { $ref: "#/$defs/a" }, /'\$ref' must be/],
    [
      "itself within",
      { $ref: "#/$defs/a", $defs: { a: { type: "array", items: { $ref: "#/$defs/a" } } } },
      /deeper/,
    ],
    ["a reference that is no text", { $ref: { toString: 1 } }, /'\$ref' must be/],
    ["itself at once", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }, /deeper/],
    ["eight to the power of its size", multiplied(4), /schemas, references followed/],
    ["a value nested beyond the stack", { const: nested(20_000) }, /nested deeper/],
    ["a text beyond all bounds", { const: "x".repeat(20_000) }, /more than 16384 characters/],
    ["requirements that are no names", { type: "object", required: [1] }, /'required' must be/],
    ["definitions within", { type: "array", items: { type: "null", $defs: {} } }, /'items\.\$defs' must be/],
  ])("is refused with %s, and told what is wrong", (_, schema, problem) => {
    expect(schemaProblem(schema)).toMatch(problem);
  });

  it("is read or refused, whatever it is", () => {
    const key = fc.constantFrom(
      "type",
      "properties",
      "items",
      "anyOf",
      "$ref",
      "$defs",
      "enum",
      "required",
      "a",
    );
    const schema = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        fc.constantFrom("object", "array", "string", "#/$defs/a", 5, null, true),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(key, tie("value"), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(schema, (each) => {
        expect(["string", "undefined"]).toContain(typeof schemaProblem(each));
      }),
    );
  });
});
