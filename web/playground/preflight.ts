/** The receipt before the request: POST /v1/preflight. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as z from "zod/mini";
import { fail, type Result } from "../../core/result.ts";
import { type Failure, sendForJson } from "../shared/api.ts";
import { type ChosenImage, forgetUpload, imageUrl } from "./image.ts";
import { chatBody, type Draft } from "./request.ts";

const preflight = z.object({
  prompt_tokens: z.int(),
  text_tokens: z.int(),
  max_tokens: z.int(),
  max_cost_microcredits: z.int(),
  images: z.array(
    z.object({
      width: z.int(),
      height: z.int(),
      tokens: z.object({ base: z.int(), grid: z.int(), newline: z.int(), total: z.int() }),
    }),
  ),
});
export type Preflight = z.infer<typeof preflight>;

export type Counted = Result<Preflight, Failure>;

/** Counts what a draft would take, after uploading its image if that was not done before. */
export async function countDraft(draft: Draft, image: ChosenImage | null, key: string): Promise<Counted> {
  for (const mayUpload of [true, false]) {
    const url = image && (await imageUrl(image, key));
    if (url && !url.ok) return url;
    const json = chatBody(draft, url ? url.value : null);
    const counted = await sendForJson("/v1/preflight", { key, method: "POST", json }, preflight);
    if (counted.ok || !image || counted.error.code !== "image_not_found" || !mayUpload) return counted;
    forgetUpload(image, key);
  }
  return fail({ code: "image_not_found", message: "", requestId: null });
}

/** How long typing must rest before it is counted, in milliseconds. */
const REST_MS = 250;

export interface ReceiptState {
  readonly counted: Counted | null;
  /** Whether `counted` is of an earlier draft, and the next one is on its way. */
  readonly counting: boolean;
}

/** The receipt of the draft as it is typed; null for none. */
export function useReceipt(draft: Draft | null, image: ChosenImage | null, key: string): ReceiptState {
  const [counted, setCounted] = useState<Counted | null>(null);
  const [counting, setCounting] = useState(false);
  const named = draft && key !== "" ? JSON.stringify(draft) : "";
  const last = useRef<ChosenImage | null>(null);
  useEffect(() => {
    if (named === "" || draft === null) {
      setCounted(null);
      setCounting(false);
      return;
    }
    if (last.current !== image) setCounted(null);
    let current = true;
    setCounting(true);
    const timer = setTimeout(
      async () => {
        const result = await countDraft(draft, image, key);
        if (!current) return;
        setCounted(result);
        setCounting(false);
      },
      last.current === image ? REST_MS : 0,
    );
    last.current = image;
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [named, image, key]);
  return { counted, counting };
}
