/** Makes a key, and shows it once. */
import { useId, useState } from "preact/hooks";
import * as z from "zod/mini";
import { toMicroCredits } from "../shared/amounts.ts";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";

/** Everything that a key may be allowed to do (docs/accounts.md). */
const SCOPES = ["infer", "jobs", "usage:read", "keys:write", "webhooks:write"] as const;
type Scope = (typeof SCOPES)[number];

const BUDGETS = ["total", "month", "day"] as const;
type Budget = (typeof BUDGETS)[number];

const made = z.object({ name: z.string(), key: z.string() });

interface NewKeyProps {
  readonly apiKey: string;
  readonly onMade: () => void;
}

export function NewKey({ apiKey, onMade }: NewKeyProps) {
  const { account: texts } = useTexts();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["infer"]);
  const [budget, setBudget] = useState<Readonly<Record<Budget, string>>>({ total: "", month: "", day: "" });
  const [expires, setExpires] = useState("");
  const [failure, fail] = useState<Failure | null>(null);
  const [shown, show] = useState<z.infer<typeof made> | null>(null);
  const id = useId();

  const make = async () => {
    const limits = BUDGETS.flatMap((each) => {
      const amount = toMicroCredits(budget[each]);
      return amount === null ? [] : [[`${each}_microcredits`, amount]];
    });
    const json = {
      name: name.trim(),
      scopes,
      ...(limits.length > 0 && { budget: Object.fromEntries(limits) }),
      // Until the end of that day.
      ...(expires !== "" && { expires_at: Date.parse(expires) / 1000 + 86_400 }),
    };
    const sent = await sendForJson("/v1/keys", { key: apiKey, method: "POST", json }, made);
    fail(sent.ok ? null : sent.error);
    if (!sent.ok) return;
    show(sent.value);
    setName("");
    onMade();
  };

  return (
    <>
      {shown && <MadeKey name={shown.name} secret={shown.key} onDone={() => show(null)} />}
      <details>
        <summary>{texts.newKey}</summary>
        <form
          class="new-key"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <div>
            <label for={`${id}-name`}>{texts.name}</label>
            <input
              id={`${id}-name`}
              required
              maxLength={128}
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </div>
          <div>
            <label for={`${id}-expires`}>{texts.expiresAfter}</label>
            <input
              id={`${id}-expires`}
              type="date"
              value={expires}
              onInput={({ currentTarget }) => setExpires(currentTarget.value)}
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
                    setScopes(
                      SCOPES.filter((each) =>
                        each === scope ? currentTarget.checked : scopes.includes(each),
                      ),
                    )
                  }
                />
                <code>{scope}</code> <span class="hint">{texts.allows[scope]}</span>
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
                onInput={({ currentTarget }) => setBudget({ ...budget, [each]: currentTarget.value })}
              />
            </div>
          ))}
          {failure && (
            <div class="wide">
              <Notice failure={failure} />
            </div>
          )}
          <div class="wide">
            <button type="submit" class="primary" disabled={name.trim() === "" || scopes.length === 0}>
              {texts.make}
            </button>
          </div>
        </form>
      </details>
    </>
  );
}

interface MadeKeyProps {
  readonly name: string;
  readonly secret: string;
  readonly onDone: () => void;
}

function MadeKey({ name, secret, onDone }: MadeKeyProps) {
  const { account: texts, snippet } = useTexts();
  const [said, say] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => say(snippet.copied),
      () => say(snippet.notCopied),
    );
  return (
    <div class="made" role="status">
      <p>
        <strong>{texts.made(name)}</strong> {texts.shownOnce}
      </p>
      <p>
        <code>{secret}</code>
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
