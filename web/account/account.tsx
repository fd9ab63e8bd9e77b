/** The account page: what a key's scopes let it see of the account, each part by itself. */
import { useState } from "preact/hooks";
import { sendForJson } from "../shared/api.ts";
import { useKey } from "../shared/key.ts";
import { KeyPanel } from "../shared/key-panel.tsx";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { FindJob } from "./find-job.tsx";
import { Jobs } from "./jobs.tsx";
import { type ApiKey, apiKey, type Scope, type ShownKey } from "./key.ts";
import { Keys } from "./keys.tsx";
import { LockedPart } from "./part.tsx";
import { Receipts } from "./receipts.tsx";
import { useResource } from "./resource.ts";
import { Standing } from "./standing.tsx";
import { Usage } from "./usage.tsx";
import { Webhooks } from "./webhooks.tsx";

export function Account() {
  const { account: texts } = useTexts();
  const store = useKey();
  const { key } = store;
  // Kept here, because a page whose own key was rotated goes on with the text that is shown.
  const [shown, show] = useState<ShownKey | null>(null);
  const forget = () => {
    show(null);
    store.forget();
  };
  return (
    <>
      <h1>{texts.heading}</h1>
      <p class="lead">{texts.lead}</p>
      <KeyPanel store={{ ...store, forget }} />
      {key !== "" && (
        // Another key is another view: nothing of the one before stays.
        <Parts
          key={key}
          apiKey={key}
          shown={shown}
          onShown={show}
          onOwnRotated={(text) => store.save(text, store.remembered)}
        />
      )}
    </>
  );
}

interface PartsProps {
  readonly apiKey: string;
  readonly shown: ShownKey | null;
  readonly onShown: (key: ShownKey | null) => void;
  /** The key that the page uses has another text. */
  readonly onOwnRotated: (text: string) => void;
}

function Parts({ apiKey: key, shown, onShown, onOwnRotated }: PartsProps) {
  const texts = useTexts();
  const { answer, reload } = useResource(() => sendForJson("/v1/key", { key }, apiKey), [key]);
  if (answer === null) return <p class="hint">{texts.account.loading}</p>;
  if (!answer.ok) {
    return (
      <Notice failure={answer.error}>
        <button type="button" onClick={reload}>
          {texts.ask.again}
        </button>
      </Notice>
    );
  }
  const own = answer.value;
  const may = (scope: Scope) => own.scopes.includes(scope);
  const locked = (heading: string, scope: Scope) => <LockedPart heading={heading} scope={scope} />;
  return (
    <div class="parts">
      <Standing apiKey={key} own={own} onReload={reload} />
      {may("usage:read") ? <Usage apiKey={key} /> : locked(texts.account.usage, "usage:read")}
      {may("keys:write") ? (
        <Keys
          apiKey={key}
          ownId={own.id}
          shown={shown}
          onShown={onShown}
          onRotated={(rotated) => {
            onShown(rotated);
            if (rotated.id === own.id) onOwnRotated(rotated.key);
          }}
        />
      ) : (
        locked(texts.account.keys, "keys:write")
      )}
      {may("usage:read") ? <Receipts apiKey={key} /> : locked(texts.account.receipts, "usage:read")}
      <JobsPart apiKey={key} own={own} />
      {may("webhooks:write") ? <Webhooks apiKey={key} /> : locked(texts.account.webhooks, "webhooks:write")}
    </div>
  );
}

/** A key that may ask reads the jobs whose ids it has; only the scope `jobs` lists what other keys have sent. */
function JobsPart({ apiKey, own }: { readonly apiKey: string; readonly own: ApiKey }) {
  const { account: texts } = useTexts();
  if (own.scopes.includes("jobs")) return <Jobs apiKey={apiKey} />;
  return (
    <LockedPart heading={texts.jobs} scope="jobs">
      {own.scopes.includes("infer") && <FindJob apiKey={apiKey} />}
    </LockedPart>
  );
}
