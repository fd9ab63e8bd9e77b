import { expect, it } from "vitest";
import { findModel } from "./models.ts";
import { sglangStart } from "./sglang-flags.ts";

const model = findModel("llava-v1.6-34b-sglang");
if (!model) throw new Error("The registry has no llava-v1.6-34b-sglang.");

it("marks images with the registry's token and lets as many requests in as the memory holds", () => {
  const start = sglangStart(model, "h100", "/weights");
  if (!start.ok) throw new Error(start.error);
  const { flags, slots } = start.value;
  expect(flags.join(" ")).toContain(`--json-model-override-args {"image_token_index":${model.imageToken}}`);
  expect(flags.join(" ")).toContain(`--max-running-requests ${slots}`);
  expect(slots).toBeGreaterThan(8);
});

it("says where the model can't be served", () => {
  for (const gpu of ["cpu", "l40s"] as const) expect(sglangStart(model, gpu, "/weights").ok).toBe(false);
});
