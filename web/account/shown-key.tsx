/** A key's text, once. */
import { useState } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import type { ShownKey } from "./key.ts";

interface ShownSecretProps {
  readonly shown: ShownKey;
  readonly onDone: () => void;
}

export function ShownSecret({ shown: { name, key }, onDone }: ShownSecretProps) {
  const { account: texts, snippet } = useTexts();
  const [said, say] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(key).then(
      () => say(snippet.copied),
      () => say(snippet.notCopied),
    );
  return (
    <div class="made" role="status">
      <p>
        <strong>{texts.made(name)}</strong> {texts.shownOnce}
      </p>
      <p>
        <code>{key}</code>
      </p>
      <div class="actions">
        <button type="button" onClick={copy}>
          {snippet.copy}
        </button>
        <button type="button" class="quiet" onClick={onDone}>
          {texts.kept}
        </button>
        <span class="hint">{said}</span>
      </div>
    </div>
  );
}
