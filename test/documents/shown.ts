/** How what a document shows stands for what was printed. */
import { expect } from "vitest";

/** Equal to the text, in which `…` stands for anything. */
export function shownText(text: string): unknown {
  const parts = text.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return parts.length === 1 ? text : expect.stringMatching(new RegExp(`^${parts.join("[^]*")}$`));
}

/** Has every field that is shown, each as it is shown, and maybe others. */
export function shownJson(value: unknown): unknown {
  if (typeof value === "string") return shownText(value);
  if (Array.isArray(value)) return value.map(shownJson);
  return isRecord(value) ? expect.objectContaining(mapValues(value, shownJson)) : value;
}

/** The same fields with a value's type for the value. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (isRecord(value)) return mapValues(value, shapeOf);
  return value === null ? null : typeof value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function mapValues(record: Record<string, unknown>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
