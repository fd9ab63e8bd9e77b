/** The request as code, and the question as a link. */
import { useState } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import type { ChosenImage } from "./image.ts";
import type { Chosen } from "./models.tsx";
import { writeLink } from "./permalink.ts";
import { chatBody, type Draft } from "./request.ts";
import { SNIPPET_KINDS, type SnippetKind, snippet } from "./snippets.ts";

/** Stands in for an image that has no digest. */
const SOME_IMAGE = "https://example.com/image.jpg";

interface SnippetsProps {
  readonly draft: Draft;
  readonly image: ChosenImage | null;
  readonly models: Chosen;
}

export function Snippets({ draft, image, models }: SnippetsProps) {
  const { snippet: texts } = useTexts();
  const [kind, choose] = useState<SnippetKind>("curl");
  const [said, say] = useState("");
  const digest = image?.digest ?? null;
  const code = snippet(kind, {
    origin: location.origin,
    body: chatBody(draft, digest ?? SOME_IMAGE),
    image: image && digest !== null ? { name: image.name, digest } : null,
  });
  const copy = async (text: string, done: string) => {
    // Without https there is no clipboard.
    try {
      await navigator.clipboard.writeText(text);
      say(done);
    } catch {
      say(texts.notCopied);
    }
  };
  return (
    <section class="snippets" aria-labelledby="snippets">
      <h2 id="snippets">{texts.heading}</h2>
      <p class="hint">{texts.lead}</p>
      <div class="bar">
        <fieldset class="segments">
          <legend class="hidden">{texts.heading}</legend>
          {SNIPPET_KINDS.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="snippet"
                class="hidden"
                checked={each === kind}
                onChange={() => choose(each)}
              />
              <span>{each}</span>
            </label>
          ))}
        </fieldset>
        <button type="button" onClick={() => copy(code, texts.copied)}>
          {texts.copy}
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => copy(writeLink(location, { draft, image, models }), texts.linkCopied)}
        >
          {texts.link}
        </button>
        <span class="hint" role="status">
          {said}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </section>
  );
}
