/** The account's keys: which there are, what each may do and has used, a new one, and the end of an old one. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { credits } from "../shared/amounts.ts";
import { type Failure, send, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { NewKey } from "./new-key.tsx";
import { Part } from "./part.tsx";
import { useResource } from "./resource.ts";

const amounts = <Amount extends z.ZodMiniType>(amount: Amount) =>
  z.object({ total_microcredits: amount, day_microcredits: amount, month_microcredits: amount });

const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  start: z.string(),
  scopes: z.array(z.string()),
  models: z.nullable(z.array(z.string())),
  budget: amounts(z.nullable(z.int())),
  used: amounts(z.int()),
  expires_at: z.nullable(z.int()),
  last_used_at: z.nullable(z.int()),
  revoked_at: z.nullable(z.int()),
});
type ApiKey = z.infer<typeof apiKey>;

const list = z.object({ data: z.array(apiKey) });

export function Keys({ apiKey: key }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const resource = useResource(() => sendForJson("/v1/keys", { key }, list), [key]);
  return (
    <Part heading={texts.keys} resource={resource}>
      {({ data }) => (
        <>
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.name}</th>
                  <th scope="col">{texts.scopes}</th>
                  <th scope="col">{texts.used}</th>
                  <th scope="col">{texts.lastUsed}</th>
                  <th scope="col">{texts.expires}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {data
                  .filter(({ revoked_at }) => revoked_at === null)
                  .map((each) => (
                    <KeyRow key={each.id} shown={each} apiKey={key} onRevoked={resource.reload} />
                  ))}
              </tbody>
            </table>
          </div>
          <NewKey apiKey={key} onMade={resource.reload} />
        </>
      )}
    </Part>
  );
}

interface KeyRowProps {
  readonly shown: ApiKey;
  readonly apiKey: string;
  readonly onRevoked: () => void;
}

function KeyRow({ shown, apiKey, onRevoked }: KeyRowProps) {
  const { account: texts } = useTexts();
  const [asked, ask] = useState(false);
  const [failure, fail] = useState<Failure | null>(null);
  const revoke = async () => {
    const sent = await send(`/v1/keys/${encodeURIComponent(shown.id)}`, { key: apiKey, method: "DELETE" });
    if (sent.ok) onRevoked();
    else fail(sent.error);
  };
  const isOwn = apiKey.startsWith(shown.start);
  return (
    <tr>
      <th scope="row">
        {shown.name} {isOwn && <span class="hint">({texts.thisKey})</span>}
        <br />
        <code>{shown.start}…</code>
      </th>
      <td>
        {shown.scopes.join(", ")}
        {shown.models && (
          <>
            <br />
            <span class="hint">{shown.models.join(", ")}</span>
          </>
        )}
      </td>
      <td>
        <Used shown={shown} />
      </td>
      <td>{shown.last_used_at === null ? "–" : date(shown.last_used_at)}</td>
      <td>{shown.expires_at === null ? texts.never : date(shown.expires_at)}</td>
      <td>
        {asked ? (
          <span class="actions">
            <button type="button" class="danger" onClick={revoke}>
              {texts.revokeForGood}
            </button>
            <button type="button" class="quiet" onClick={() => ask(false)}>
              {texts.keep}
            </button>
          </span>
        ) : (
          <button
            type="button"
            class="quiet"
            aria-label={texts.revokeNamed(shown.name)}
            onClick={() => ask(true)}
          >
            {texts.revoke}
          </button>
        )}
        {asked && isOwn && <p class="hint">{texts.revokesItself}</p>}
        {failure && <Notice failure={failure} />}
      </td>
    </tr>
  );
}

/** What a key has used, of the budgets that it has. */
function Used({ shown: { used, budget } }: { readonly shown: ApiKey }) {
  const { account: texts } = useTexts();
  const bounded = [
    { label: texts.inTotal, spent: used.total_microcredits, limit: budget.total_microcredits },
    { label: texts.thisMonth, spent: used.month_microcredits, limit: budget.month_microcredits },
    { label: texts.today, spent: used.day_microcredits, limit: budget.day_microcredits },
  ].flatMap(({ limit, ...each }) => (limit === null ? [] : [{ ...each, limit }]));
  if (bounded.length === 0) return credits(used.total_microcredits);
  return (
    <>
      {bounded.map(({ label, spent, limit }) => (
        <div key={label} class="budget">
          <span>{texts.ofBudget(label, credits(spent), credits(limit))}</span>
          <meter min={0} max={limit} value={spent} aria-label={label} />
        </div>
      ))}
    </>
  );
}

function date(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
