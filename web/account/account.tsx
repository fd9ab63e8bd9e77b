/** The account page: what a key's scopes let it see of the account, each part by itself. */
import { useKey } from "../shared/key.ts";
import { KeyPanel } from "../shared/key-panel.tsx";
import { useTexts } from "../shared/language.ts";
import { Jobs } from "./jobs.tsx";
import { Keys } from "./keys.tsx";
import { Receipts } from "./receipts.tsx";
import { Usage } from "./usage.tsx";

export function Account() {
  const { account: texts } = useTexts();
  const store = useKey();
  const { key } = store;
  return (
    <>
      <h1>{texts.heading}</h1>
      <p class="lead">{texts.lead}</p>
      <KeyPanel store={store} />
      {key !== "" && (
        // Another key is another view: nothing of the one before stays.
        <div class="parts" key={key}>
          <Usage apiKey={key} />
          <Keys apiKey={key} />
          <Receipts apiKey={key} />
          <Jobs apiKey={key} />
        </div>
      )}
    </>
  );
}
