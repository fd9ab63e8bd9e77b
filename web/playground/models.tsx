/** Which model answers, or which two. */
import { useEffect, useId, useState } from "preact/hooks";
import * as z from "zod/mini";
import { MODELS } from "../../core/models.ts";
import { useTexts } from "../shared/language.ts";

export type Chosen = readonly [first: string] | readonly [first: string, second: string];

/** The embedded model. */
export const TINY = "tessera-tiny";

/** Which models have a worker, by id; empty until the server has told. */
export type Readiness = Readonly<Record<string, boolean>>;

const readiness = z.object({ models: z.record(z.string(), z.boolean()) });
const AGAIN_MS = 15_000;

/** Asks as long as the page is looked at: a cold model may become warm. */
export function useReadiness(): Readiness {
  const [known, know] = useState<Readiness>({});
  useEffect(() => {
    const look = async () => {
      if (document.hidden) return;
      const read = await fetch("/readyz")
        .then((response) => response.json())
        .then((body) => readiness.safeParse(body))
        .catch(() => null);
      if (read?.success) know(read.data.models);
    };
    void look();
    const timer = setInterval(look, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return known;
}

interface ModelPickerProps {
  readonly models: Chosen;
  readonly readiness: Readiness;
  readonly onChange: (models: Chosen) => void;
}

export function ModelPicker({ models: [first, second], readiness, onChange }: ModelPickerProps) {
  const { ask: texts } = useTexts();
  const other = MODELS.find(({ id }) => id !== first)?.id ?? first;
  return (
    <div class="models">
      <ModelSelect
        label={texts.model}
        chosen={first}
        readiness={readiness}
        onChange={(model) => onChange(second === undefined || second === model ? [model] : [model, second])}
      />
      {second !== undefined && (
        <ModelSelect
          label={texts.against}
          chosen={second}
          without={first}
          readiness={readiness}
          onChange={(model) => onChange([first, model])}
        />
      )}
      <button
        type="button"
        class="quiet"
        onClick={() => onChange(second === undefined ? [first, other] : [first])}
      >
        {second === undefined ? texts.compare : texts.alone}
      </button>
    </div>
  );
}

/** What to ask the small model, which comes first: most visitors meet it before any other, and with a photograph. */
export function TinyHint({ onQuestion }: { readonly onQuestion: (question: string) => void }) {
  const { ask: texts } = useTexts();
  const id = useId();
  return (
    <div class="forms">
      <span class="hint" id={id}>
        {texts.tiny}
      </span>
      <ul aria-labelledby={id}>
        {texts.tinyQuestions.map((question) => (
          <li key={question}>
            <button type="button" class="quiet" onClick={() => onQuestion(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ModelSelectProps {
  readonly label: string;
  readonly chosen: string;
  readonly without?: string;
  readonly readiness: Readiness;
  readonly onChange: (model: string) => void;
}

function ModelSelect({ label, chosen, without, readiness, onChange }: ModelSelectProps) {
  const { ask: texts } = useTexts();
  const id = useId();
  return (
    <div>
      <label for={id}>{label}</label>
      <select id={id} value={chosen} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {MODELS.filter((model) => model.id !== without).map((model) => (
          <option key={model.id} value={model.id}>
            {readiness[model.id] === false ? `${model.id} (${texts.cold})` : model.id}
          </option>
        ))}
      </select>
    </div>
  );
}
