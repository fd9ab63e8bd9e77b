/** Where the question is typed. */
import type { RefObject } from "preact";
import { useId } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import type { Options } from "./request.ts";

interface ComposerProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly question: string;
  readonly options: Options;
  readonly running: boolean;
  readonly followsUp: boolean;
  readonly onQuestion: (question: string) => void;
  readonly onOptions: (options: Options) => void;
  readonly onAsk: () => void;
  readonly onStop: () => void;
}

export function Composer(props: ComposerProps) {
  const { ask: texts } = useTexts();
  const { question, running, followsUp } = props;
  const id = useId();
  const mayAsk = !running && question.trim() !== "";
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (mayAsk) props.onAsk();
      }}
    >
      <label for={id}>{followsUp ? texts.followUp : texts.question}</label>
      <textarea
        id={id}
        ref={props.field}
        rows={2}
        value={question}
        placeholder={texts.placeholder}
        aria-describedby={`${id}-keys`}
        onInput={({ currentTarget }) => props.onQuestion(currentTarget.value)}
        onKeyDown={(event) => {
          // Enter also ends a Chinese syllable being composed; that one asks nothing.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          if (mayAsk) props.onAsk();
        }}
      />
      <div class="actions">
        {running ? (
          <button type="button" onClick={props.onStop}>
            {texts.stop}
          </button>
        ) : (
          <button type="submit" class="primary" disabled={!mayAsk}>
            {texts.ask}
          </button>
        )}
        <span class="hint" id={`${id}-keys`}>
          {texts.keys}
        </span>
      </div>
      <OptionFields options={props.options} onOptions={props.onOptions} />
    </form>
  );
}

function OptionFields({ options, onOptions }: Pick<ComposerProps, "options" | "onOptions">) {
  const { ask: texts } = useTexts();
  const id = useId();
  return (
    <details>
      <summary>{texts.options}</summary>
      <div class="options">
        <div>
          <label for={`${id}-tokens`}>{texts.maxTokens}</label>
          <input
            id={`${id}-tokens`}
            type="number"
            min="1"
            step="1"
            value={options.maxTokens ?? ""}
            onInput={({ currentTarget }) => {
              const typed = Math.floor(currentTarget.valueAsNumber);
              onOptions({ ...options, maxTokens: typed >= 1 ? typed : null });
            }}
          />
        </div>
        <div>
          <label for={`${id}-temperature`}>{texts.temperature}</label>
          <input
            id={`${id}-temperature`}
            type="number"
            min="0"
            max="2"
            step="0.1"
            value={options.temperature ?? ""}
            onInput={({ currentTarget }) => {
              const typed = currentTarget.valueAsNumber;
              onOptions({ ...options, temperature: typed >= 0 && typed <= 2 ? typed : null });
            }}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={options.low}
            onChange={({ currentTarget }) => onOptions({ ...options, low: currentTarget.checked })}
          />
          {texts.low}
        </label>
      </div>
    </details>
  );
}
