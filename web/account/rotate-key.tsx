/** Gives a key a new text. */
import { useId, useState } from "preact/hooks";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { Dialog } from "./dialog.tsx";
import { type ApiKey, type ShownKey, shownKey } from "./key.ts";

/** How long the former text may go on working, in seconds. */
const OVERLAPS = [0, 3600, 86_400, 604_800] as const;
export type Overlap = (typeof OVERLAPS)[number];

interface RotateKeyProps {
  readonly apiKey: string;
  readonly shown: ApiKey;
  readonly onRotated: (rotated: ShownKey) => void;
  readonly onClose: () => void;
}

export function RotateKey({ apiKey, shown, onRotated, onClose }: RotateKeyProps) {
  const { account: texts } = useTexts();
  const [overlap, setOverlap] = useState<Overlap>(86_400);
  const [failure, fail] = useState<Failure | null>(null);
  const id = useId();
  const rotate = async (close: () => void) => {
    const path = `/v1/keys/${encodeURIComponent(shown.id)}/rotate`;
    const json = { overlap_seconds: overlap };
    const sent = await sendForJson(path, { key: apiKey, method: "POST", json }, shownKey);
    if (!sent.ok) return fail(sent.error);
    close();
    onRotated(sent.value);
  };
  return (
    <Dialog heading={texts.rotateNamed(shown.name)} onClose={onClose}>
      {(close) => (
        <form
          class="rotation"
          onSubmit={(event) => {
            event.preventDefault();
            void rotate(close);
          }}
        >
          <p>{texts.rotateHint}</p>
          <label for={id}>{texts.overlap}</label>
          <select
            id={id}
            value={overlap}
            onChange={({ currentTarget }) =>
              setOverlap(OVERLAPS.find((each) => each === Number(currentTarget.value)) ?? overlap)
            }
          >
            {OVERLAPS.map((each) => (
              <option key={each} value={each}>
                {texts.overlaps[each]}
              </option>
            ))}
          </select>
          {failure && <Notice failure={failure} />}
          <div class="actions">
            <button type="submit" class="primary">
              {texts.rotate}
            </button>
            <button type="button" class="quiet" onClick={close}>
              {texts.leave}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
