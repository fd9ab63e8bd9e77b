/**
 * A question as a link. All of it stands in the fragment, which browsers send to nobody; the key is no part of it. A
 * dropped image is named by digest: whoever opens the link needs a key of the account that keeps it.
 */
import { findModel, MODELS } from "../../core/models.ts";
import type { ChosenImage } from "./image.ts";
import type { Chosen } from "./models.tsx";
import type { Draft, Options } from "./request.ts";
import { findSample } from "./samples.ts";

interface Link {
  readonly question: string;
  readonly models: Chosen;
  /** A sample's name, `sha256:…`, or nothing. */
  readonly image: string;
  readonly options: Partial<Options>;
}

interface Shared {
  readonly draft: Draft;
  readonly image: ChosenImage | null;
  readonly models: Chosen;
}

export function writeLink(here: { origin: string; pathname: string }, shared: Shared): string {
  const { draft, image, models } = shared;
  const fragment = new URLSearchParams();
  for (const model of models) fragment.append("model", model);
  const named = image?.sample ?? image?.digest;
  if (named) fragment.set("picture", named);
  if (draft.question !== "") fragment.set("question", draft.question);
  const { maxTokens, temperature, low } = draft.options;
  if (maxTokens !== null) fragment.set("max_tokens", String(maxTokens));
  if (temperature !== null) fragment.set("temperature", String(temperature));
  if (low) fragment.set("detail", "low");
  return `${here.origin}${here.pathname}#${fragment}`;
}

/** What the page's address asks for; whatever it has that can't be is left out. */
export function readLink(): Link {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [first, second] = fragment.getAll("model").filter(findModel);
  const image = fragment.get("picture") ?? "";
  const maxTokens = Number(fragment.get("max_tokens"));
  const temperature = Number(fragment.get("temperature") ?? Number.NaN);
  return {
    question: fragment.get("question") ?? "",
    models: first === undefined ? [MODELS[0]!.id] : second === undefined ? [first] : [first, second],
    image: findSample(image) || /^sha256:[0-9a-f]{64}$/.test(image) ? image : "",
    options: {
      ...(Number.isInteger(maxTokens) && maxTokens > 0 && { maxTokens }),
      ...(temperature >= 0 && temperature <= 2 && { temperature }),
      low: fragment.get("detail") === "low",
    },
  };
}
