/** What a key may do, filled in for a key to be made or changed. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { MODELS } from "../../core/models.ts";
import type { Failure } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { SCOPES } from "./key.ts";
import { BUDGETS, type KeyFields } from "./key-fields.ts";

interface KeyFormProps {
  readonly initial: KeyFields;
  readonly submit: string;
  readonly failure: Failure | null;
  readonly onSubmit: (fields: KeyFields) => void;
  /** Further buttons. */
  readonly children?: ComponentChildren;
}

export function KeyForm({ initial, submit, failure, onSubmit, children }: KeyFormProps) {
  const { account: texts } = useTexts();
  const [fields, fill] = useState(initial);
  const { name, expires, scopes, models, budget } = fields;
  const id = useId();
  return (
    <form
      class="key-options"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(fields);
      }}
    >
      <div>
        <label for={`${id}-name`}>{texts.name}</label>
        <input
          id={`${id}-name`}
          required
          maxLength={128}
          value={name}
          onInput={({ currentTarget }) => fill({ ...fields, name: currentTarget.value })}
        />
      </div>
      <div>
        <label for={`${id}-expires`}>{texts.expiresAfter}</label>
        <input
          id={`${id}-expires`}
          type="date"
          value={expires}
          onInput={({ currentTarget }) => fill({ ...fields, expires: currentTarget.value })}
        />
      </div>
      <fieldset class="wide">
        <legend class="label">{texts.scopes}</legend>
        {SCOPES.map((scope) => (
          <label key={scope} class="check">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={({ currentTarget }) =>
                fill({ ...fields, scopes: chosen(SCOPES, scopes, scope, currentTarget.checked) })
              }
            />
            <code>{scope}</code> <span class="hint">{texts.allows[scope]}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="wide">
        <legend class="label">
          {texts.models} <span class="hint">{texts.noneIsAll}</span>
        </legend>
        {MODELS.map((model) => (
          <label key={model.id} class="check">
            <input
              type="checkbox"
              checked={models.includes(model.id)}
              onChange={({ currentTarget }) =>
                fill({ ...fields, models: chosen(MODEL_IDS, models, model.id, currentTarget.checked) })
              }
            />
            <code>{model.id}</code>
          </label>
        ))}
      </fieldset>
      {BUDGETS.map((each) => (
        <div key={each}>
          <label for={`${id}-${each}`}>{texts.budgets[each]}</label>
          <input
            id={`${id}-${each}`}
            inputMode="decimal"
            placeholder={texts.noBudget}
            pattern="\d*\.?\d{0,6}"
            title={texts.budgetForm}
            value={budget[each]}
            onInput={({ currentTarget }) =>
              fill({ ...fields, budget: { ...budget, [each]: currentTarget.value } })
            }
          />
        </div>
      ))}
      {failure && (
        <div class="wide">
          <Notice failure={failure} />
        </div>
      )}
      <div class="wide actions">
        <button type="submit" class="primary" disabled={name.trim() === "" || scopes.length === 0}>
          {submit}
        </button>
        {children}
      </div>
    </form>
  );
}

const MODEL_IDS = MODELS.map(({ id }) => id);

/** `before` with or without one of them, in the order of `all`. */
function chosen<Value>(all: readonly Value[], before: readonly Value[], one: Value, isChosen: boolean) {
  return all.filter((each) => (each === one ? isChosen : before.includes(each)));
}
