/** Where an image comes in: dropped anywhere on the page, pasted, chosen as a file, or one of the samples. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import type { ChosenImage } from "./image.ts";
import { SAMPLES, type Sample, sampleBlob } from "./samples.ts";

interface DropZoneProps {
  readonly image: ChosenImage | null;
  readonly onImage: (bytes: Blob, name: string) => void;
  readonly onSample: (sample: Sample) => void;
  /** What is shown of the image. */
  readonly children: ComponentChildren;
}

export function DropZone({ image, onImage, onSample, children }: DropZoneProps) {
  const { image: texts } = useTexts();
  const over = useDropped(onImage);
  return (
    <>
      <label class={`drop ${over ? "over" : ""} ${image ? "filled" : ""}`}>
        <input
          type="file"
          accept="image/*"
          class="hidden"
          aria-label={image ? texts.replace : texts.drop}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) onImage(file, file.name);
            // The same file may be chosen again after it has changed.
            currentTarget.value = "";
          }}
        />
        {image ? (
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
                aria-pressed={image?.sample === sample.name}
                onClick={() => onSample(sample)}
              >
                <SampleImage sample={sample} name={texts.sample[sample.name].name} />
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function SampleImage({ sample, name }: { readonly sample: Sample; readonly name: string }) {
  const [address] = useState(() => URL.createObjectURL(sampleBlob(sample)));
  return <img src={address} alt={name} />;
}

/** Takes what is dropped or pasted anywhere; true while a file hangs over the page. */
function useDropped(onImage: (bytes: Blob, name: string) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const take = (event: Event, data: DataTransfer | null) => {
      const [file] = data?.files ?? [];
      if (!file) return;
      event.preventDefault();
      onImage(file, file.name);
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
  }, [onImage]);
  return over;
}
