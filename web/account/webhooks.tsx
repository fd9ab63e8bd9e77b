/** Where the account's own events go, and what has become of all its events. */
import { useId, useState } from "preact/hooks";
import * as z from "zod/mini";
import type { Result } from "../../core/result.ts";
import { credits, toMicroCredits } from "../shared/amounts.ts";
import { type Failure, send, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Part } from "./part.tsx";
import { useResource } from "./resource.ts";

const endpoint = z.object({ url: z.nullable(z.string()), balance_low_microcredits: z.int() });
type Endpoint = z.infer<typeof endpoint>;

const PATH = "/v1/webhooks";

export function Webhooks({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const resource = useResource(() => sendForJson(PATH, { key: apiKey }, endpoint), [apiKey]);
  return (
    <Part heading={texts.webhooks} resource={resource}>
      {(set) => (
        <>
          <EndpointForm key={JSON.stringify(set)} apiKey={apiKey} set={set} onSet={resource.reload} />
          <Deliveries apiKey={apiKey} />
        </>
      )}
    </Part>
  );
}

interface EndpointFormProps {
  readonly apiKey: string;
  readonly set: Endpoint;
  readonly onSet: () => void;
}

function EndpointForm({ apiKey: key, set, onSet }: EndpointFormProps) {
  const { account: texts } = useTexts();
  const [url, setUrl] = useState(set.url ?? "");
  const [low, setLow] = useState(
    set.balance_low_microcredits > 0 ? credits(set.balance_low_microcredits) : "",
  );
  const [failure, fail] = useState<Failure | null>(null);
  const id = useId();
  const answered = (sent: Result<unknown, Failure>) => {
    fail(sent.ok ? null : sent.error);
    if (sent.ok) onSet();
  };
  const save = async () => {
    const json = { url: url.trim(), balance_low_microcredits: toMicroCredits(low.replaceAll(",", "")) ?? 0 };
    answered(await send(PATH, { key, method: "PUT", json }));
  };
  return (
    <form
      class="key-options"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <p class="wide hint">
        {set.url !== null ? texts.eventsGo : texts.eventsGoNowhere} {texts.signedWith}
      </p>
      <div class="wide">
        <label for={`${id}-url`}>{texts.endpoint}</label>
        <input
          id={`${id}-url`}
          type="url"
          required
          maxLength={2048}
          placeholder="https://example.com/events"
          value={url}
          onInput={({ currentTarget }) => setUrl(currentTarget.value)}
        />
      </div>
      <div>
        <label for={`${id}-low`}>{texts.low}</label>
        <input
          id={`${id}-low`}
          inputMode="decimal"
          placeholder={texts.never}
          pattern="[\d,]*\.?\d{0,6}"
          title={texts.budgetForm}
          value={low}
          onInput={({ currentTarget }) => setLow(currentTarget.value)}
        />
      </div>
      {failure && (
        <div class="wide">
          <Notice failure={failure} />
        </div>
      )}
      <div class="wide actions">
        <button type="submit" class="primary" disabled={url.trim() === ""}>
          {texts.save}
        </button>
        {set.url !== null && (
          <button
            type="button"
            class="quiet"
            onClick={async () => answered(await send(PATH, { key, method: "DELETE" }))}
          >
            {texts.sendNowhere}
          </button>
        )}
      </div>
    </form>
  );
}
