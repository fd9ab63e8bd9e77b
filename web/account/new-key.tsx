/** Makes a key. */
import { useState } from "preact/hooks";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { type ShownKey, shownKey } from "./key.ts";
import { changedOptions, EMPTY, type KeyFields } from "./key-fields.ts";
import { KeyForm } from "./key-form.tsx";

interface NewKeyProps {
  readonly apiKey: string;
  readonly onMade: (made: ShownKey) => void;
}

export function NewKey({ apiKey, onMade }: NewKeyProps) {
  const { account: texts } = useTexts();
  const [failure, fail] = useState<Failure | null>(null);
  const [count, setCount] = useState(0);
  const make = async (fields: KeyFields) => {
    const json = changedOptions(EMPTY, fields);
    const sent = await sendForJson("/v1/keys", { key: apiKey, method: "POST", json }, shownKey);
    fail(sent.ok ? null : sent.error);
    if (!sent.ok) return;
    setCount(count + 1);
    onMade(sent.value);
  };
  return (
    <details>
      <summary>{texts.newKey}</summary>
      <KeyForm
        // The next key begins with an empty form.
        key={count}
        initial={{ ...EMPTY, scopes: ["infer"] }}
        submit={texts.make}
        failure={failure}
        onSubmit={make}
      />
    </details>
  );
}
