/** Changes what a key may do. */
import { useState } from "preact/hooks";
import { type Failure, send } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Dialog } from "./dialog.tsx";
import type { ApiKey } from "./key.ts";
import { changedOptions, fieldsOf, type KeyFields } from "./key-fields.ts";
import { KeyForm } from "./key-form.tsx";

interface ChangeKeyProps {
  readonly apiKey: string;
  readonly shown: ApiKey;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

export function ChangeKey({ apiKey, shown, onChanged, onClose }: ChangeKeyProps) {
  const { account: texts } = useTexts();
  const [failure, fail] = useState<Failure | null>(null);
  const [initial] = useState(() => fieldsOf(shown));
  const change = async (fields: KeyFields, close: () => void) => {
    const sent = await send(`/v1/keys/${encodeURIComponent(shown.id)}`, {
      key: apiKey,
      method: "PATCH",
      json: changedOptions(initial, fields),
    });
    if (!sent.ok) return fail(sent.error);
    close();
    onChanged();
  };
  return (
    <Dialog heading={texts.changeNamed(shown.name)} onClose={onClose}>
      {(close) => (
        <KeyForm
          initial={initial}
          submit={texts.save}
          failure={failure}
          onSubmit={(fields) => change(fields, close)}
        >
          <button type="button" class="quiet" onClick={close}>
            {texts.leave}
          </button>
        </KeyForm>
      )}
    </Dialog>
  );
}
