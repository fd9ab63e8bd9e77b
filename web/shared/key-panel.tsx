/** Asks for the visitor's key, or says which one is in use. */
import { useId, useState } from "preact/hooks";
import type { KeyStore } from "./key.ts";
import { useTexts } from "./language.ts";

export function KeyPanel({ store }: { readonly store: KeyStore }) {
  return store.key === "" ? <KeyForm store={store} /> : <KeyInUse store={store} />;
}

function KeyForm({ store }: { readonly store: KeyStore }) {
  const { key: texts } = useTexts();
  const [typed, type] = useState("");
  const [remember, setRemember] = useState(false);
  const id = useId();
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() !== "") store.save(typed.trim(), remember);
      }}
    >
      <label for={id}>{texts.label}</label>
      <div class="joined">
        <input
          id={id}
          type="password"
          value={typed}
          placeholder="tsr_…"
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button type="submit">{texts.use}</button>
      </div>
      <p class="hint" id={`${id}-hint`}>
        {texts.hint}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={remember}
          onChange={(event) => setRemember(event.currentTarget.checked)}
        />
        {texts.remember}
      </label>
    </form>
  );
}

/** Enough of a key to know it by; the rest is never shown. */
const SHOWN_CHARACTERS = 8;

function KeyInUse({ store }: { readonly store: KeyStore }) {
  const { key: texts } = useTexts();
  return (
    <p class="key-in-use">
      <span>
        {texts.label} <code>{store.key.slice(0, SHOWN_CHARACTERS)}…</code>
      </span>
      <span class="hint">{store.remembered ? texts.keptHere : texts.keptInTab}</span>
      <button type="button" class="quiet" onClick={() => store.forget()}>
        {texts.forget}
      </button>
    </p>
  );
}
