/** What the key in use may do and has used, and what the account has left. */
import * as z from "zod/mini";
import { credits, day } from "../shared/amounts.ts";
import { sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import type { ApiKey } from "./key.ts";
import { useResource } from "./resource.ts";
import { Used } from "./used.tsx";

const account = z.object({
  ledger: z.object({ balance_microcredits: z.int(), held_microcredits: z.int() }),
});

interface StandingProps {
  readonly apiKey: string;
  readonly own: ApiKey;
  readonly onReload: () => void;
}

export function Standing({ apiKey, own, onReload }: StandingProps) {
  const { account: texts } = useTexts();
  return (
    <section class="part" aria-labelledby="standing">
      <div class="head">
        <h2 id="standing">
          {texts.ownKey} <span class="hint">{own.name}</span>
        </h2>
        <button type="button" class="quiet" onClick={onReload}>
          {texts.reload}
        </button>
      </div>
      <dl class="standing">
        {own.scopes.includes("usage:read") && <Balance apiKey={apiKey} own={own} />}
        <div>
          <dt>{texts.used}</dt>
          <dd>
            <Used shown={own} />
          </dd>
        </div>
        <div>
          <dt>{texts.scopes}</dt>
          <dd>{own.scopes.join(", ")}</dd>
        </div>
        <div>
          <dt>{texts.models}</dt>
          <dd>{own.models?.join(", ") ?? texts.allModels}</dd>
        </div>
        <div>
          <dt>{texts.expires}</dt>
          <dd>{own.expires_at === null ? texts.never : day(own.expires_at)}</dd>
        </div>
      </dl>
    </section>
  );
}

/** Read again with every reading of the key. */
function Balance({ apiKey, own }: Pick<StandingProps, "apiKey" | "own">) {
  const { account: texts } = useTexts();
  const { answer } = useResource(() => sendForJson("/v1/account", { key: apiKey }, account), [apiKey, own]);
  const ledger = answer?.ok ? answer.value.ledger : null;
  return (
    <div>
      <dt>{texts.left}</dt>
      <dd>
        {ledger && <strong>{credits(ledger.balance_microcredits)}</strong>}
        {ledger && ledger.held_microcredits > 0 && (
          <span class="hint"> {texts.held(credits(ledger.held_microcredits))}</span>
        )}
        {answer === null && <span class="hint">{texts.loading}</span>}
        {answer && !answer.ok && <Notice failure={answer.error} />}
      </dd>
    </div>
  );
}
