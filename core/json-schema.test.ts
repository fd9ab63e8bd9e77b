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
    ["no values", { enum: [] }, /'enum' must be a list/],
    ["a reference to elsewhere", { $ref: "https://example.com/schema" }, /'\$ref' must be/],
    ["a reference to nothing", { $ref: "#/$defs/a" }, /'\$ref' must be/],
    [
      "itself within",
      { $ref: "#/$defs/a", $defs: { a: { type: "array", items: { $ref: "#/$defs/a" } } } },
      /deeper/,
    ],
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
