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

/** What has been counted, and of what. */
interface Count {
  readonly draft: string;
  readonly image: ChosenImage | null;
  readonly key: string;
  readonly counted: Counted;
}

/** The receipt of the draft as it is typed; null for none. */
export function useReceipt(draft: Draft | null, image: ChosenImage | null, key: string): ReceiptState {
  const [last, setLast] = useState<Count | null>(null);
  const shown = useRef<ChosenImage | null>(null);
  const named = draft && key !== "" ? JSON.stringify(draft) : "";
  useEffect(() => {
    if (named === "" || draft === null) return;
    let current = true;
    const count = async () => {
      const counted = await countDraft(draft, image, key);
      if (current) setLast({ draft: named, image, key, counted });
    };
    const timer = setTimeout(count, shown.current === image ? REST_MS : 0);
    shown.current = image;
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [named, image, key]);
  if (named === "") return { counted: null, counting: false };
  // Told from what was counted and not by the effect, which runs later: a count never passes for another draft's.
  const isOfThis = last?.draft === named && last.image === image && last.key === key;
  return { counted: last?.image === image ? last.counted : null, counting: !isOfThis };
}
