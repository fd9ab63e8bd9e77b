/** Where a picture comes in: dropped anywhere on the page, pasted, chosen as a file, or one of the samples. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import type { Picture } from "./picture.ts";
import { SAMPLES, type Sample, sampleBlob } from "./samples.ts";

interface DropZoneProps {
  readonly picture: Picture | null;
  readonly onPicture: (bytes: Blob, name: string) => void;
  readonly onSample: (sample: Sample) => void;
  /** What is shown of the picture. */
  readonly children: ComponentChildren;
}

export function DropZone({ picture, onPicture, onSample, children }: DropZoneProps) {
  const { picture: texts } = useTexts();
  const over = useDropped(onPicture);
  return (
    <>
      <label class={`drop ${over ? "over" : ""} ${picture ? "filled" : ""}`}>
        <input
          type="file"
          accept="image/*"
          class="hidden"
          aria-label={picture ? texts.replace : texts.drop}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) onPicture(file, file.name);
            // The same file may be chosen again after it has changed.
            currentTarget.value = "";
          }}
        />
        {picture ? (
          children
        ) : (
          <span class="invitation">
            <strong>{texts.drop}</strong>
            <span>{texts.dropHint}</span>
          </span>
        )}
      </label>
      <div class="samples">
        <span class="hint" id="samples">
          {texts.samples}
        </span>
        <ul aria-labelledby="samples">
          {SAMPLES.map((sample) => (
            <li key={sample.name}>
              <button
                type="button"
                title={texts.sample[sample.name].name}
                aria-pressed={picture?.sample === sample.name}
                onClick={() => onSample(sample)}
              >
                <SamplePicture sample={sample} name={texts.sample[sample.name].name} />
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function SamplePicture({ sample, name }: { readonly sample: Sample; readonly name: string }) {
  const [address] = useState(() => URL.createObjectURL(sampleBlob(sample)));
  return <img src={address} alt={name} />;
}

/** Takes what is dropped or pasted anywhere; true while a file hangs over the page. */
function useDropped(onPicture: (bytes: Blob, name: string) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const take = (event: Event, data: DataTransfer | null) => {
      const [file] = data?.files ?? [];
      if (!file) return;
      event.preventDefault();
      onPicture(file, file.name);
    };
    const drag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      take(event, event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => take(event, event.clipboardData);
    document.addEventListener("dragover", drag);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("dragover", drag);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
      document.removeEventListener("paste", paste);
    };
  }, [onPicture]);
  return over;
}
