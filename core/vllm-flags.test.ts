import { describe, expect, it } from "vitest";
import { GPUS } from "./engine-start.ts";
import { findModel, MODELS } from "./models.ts";
import { vllmStart } from "./vllm-flags.ts";

function start(id: string, gpu: (typeof GPUS)[number]) {
  const model = findModel(id);
  if (!model) throw new Error(`The registry has no ${id}.`);
  return vllmStart(model, gpu, "weights");
}

describe("how vLLM is started", () => {
  it("gives the 34B model as many requests as its cache holds on each kind of GPU", () => {
    const slots = (["h100", "2xa100", "l40s"] as const).map((gpu) => {
      const started = start("llava-v1.6-34b", gpu);
      return started.ok ? started.value.slots : started.error;
    });
    expect(slots).toEqual([52, 9, 27]);
  });

  it("swaps the authors' pinpoints, which vLLM reads as height and width", () => {
    const started = start("llava-v1.6-34b", "h100");
    if (!started.ok) throw new Error(started.error);
    const { flags } = started.value;
    expect(JSON.parse(flags[flags.indexOf("--hf-overrides") + 1] ?? "")).toEqual({
      image_grid_pinpoints: [
        [672, 336],
        [336, 672],
        [672, 672],
        [336, 1008],
        [1008, 336],
      ],
    });
  });

  it("refuses a machine that is too small", () => {
    expect(start("llava-v1.6-34b", "cpu")).toMatchObject({ ok: false });
  });

  it("knows every model on every GPU, and never listens for events or fetches images", () => {
    for (const { id } of MODELS) {
      for (const gpu of GPUS.filter((each) => each !== "cpu")) {
        const started = start(id, gpu);
        expect(started, `${id} on ${gpu}`).toMatchObject({ ok: true });
        if (!started.ok) continue;
        expect(started.value.env).toMatchObject({ SMG_VLLM_SERVICER_KV_EVENTS: "0" });
        expect(started.value.flags).toContain("--allowed-media-domains");
        expect(started.value.slots).toBeGreaterThan(0);
      }
    }
  });
});
