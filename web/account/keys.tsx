/** The account's keys: which there are, what each may do and has used, a new one, changes, and the end of an old one. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { ok, type Result } from "../../core/result.ts";
import { day } from "../shared/amounts.ts";
import { type Failure, send, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { ChangeKey } from "./change-key.tsx";
import { type ApiKey, apiKey, type ShownKey } from "./key.ts";
import { NewKey } from "./new-key.tsx";
import { Part } from "./part.tsx";
import { useResource } from "./resource.ts";
import { RotateKey } from "./rotate-key.tsx";
import { ShownSecret } from "./shown-key.tsx";
import { Used } from "./used.tsx";

const list = z.object({ data: z.array(apiKey), has_more: z.boolean() });

/** All of the account's keys, page by page. */
async function listKeys(key: string): Promise<Result<{ data: ApiKey[] }, Failure>> {
  const data: ApiKey[] = [];
  for (;;) {
    const last = data.at(-1);
    const query = last ? `?${new URLSearchParams({ after: last.id })}` : "";
    const page = await sendForJson(`/v1/keys${query}`, { key }, list);
    if (!page.ok) return page;
    data.push(...page.value.data);
    if (!page.value.has_more) return ok({ data });
  }
}

interface KeysProps {
  readonly apiKey: string;
  /** The id of that key. */
  readonly ownId: string;
  /** A key's text that is to be copied now. */
  readonly shown: ShownKey | null;
  readonly onShown: (key: ShownKey | null) => void;
  readonly onRotated: (rotated: ShownKey) => void;
}

export function Keys({ apiKey: key, ownId, shown, onShown, onRotated }: KeysProps) {
  const { account: texts } = useTexts();
  const resource = useResource(() => listKeys(key), [key]);
  const [asked, ask] = useState<{ readonly action: "change" | "rotate"; readonly of: ApiKey } | null>(null);
  return (
    <Part heading={texts.keys} resource={resource}>
      {({ data }) => (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <div class="scroll" tabIndex={0}>
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
                    <KeyRow
                      key={each.id}
                      shown={each}
                      apiKey={key}
                      isOwn={each.id === ownId}
                      onChange={() => ask({ action: "change", of: each })}
                      onRotate={() => ask({ action: "rotate", of: each })}
                      onRevoked={resource.reload}
                    />
                  ))}
              </tbody>
            </table>
          </div>
          {asked?.action === "change" && (
            <ChangeKey apiKey={key} shown={asked.of} onChanged={resource.reload} onClose={() => ask(null)} />
          )}
          {asked?.action === "rotate" && (
            <RotateKey
              apiKey={key}
              shown={asked.of}
              onRotated={(rotated) => {
                onRotated(rotated);
                resource.reload();
              }}
              onClose={() => ask(null)}
            />
          )}
          {shown && <ShownSecret shown={shown} onDone={() => onShown(null)} />}
          <NewKey
            apiKey={key}
            onMade={(made) => {
              onShown(made);
              resource.reload();
            }}
          />
        </>
      )}
    </Part>
  );
}

interface KeyRowProps {
  readonly shown: ApiKey;
  readonly apiKey: string;
  /** Whether the page uses this key. */
  readonly isOwn: boolean;
  readonly onChange: () => void;
  readonly onRotate: () => void;
  readonly onRevoked: () => void;
}

function KeyRow({ shown, apiKey, isOwn, onChange, onRotate, onRevoked }: KeyRowProps) {
  const { account: texts } = useTexts();
  const [asked, ask] = useState(false);
  const [failure, fail] = useState<Failure | null>(null);
  const revoke = async () => {
    const sent = await send(`/v1/keys/${encodeURIComponent(shown.id)}`, { key: apiKey, method: "DELETE" });
    if (sent.ok) onRevoked();
    else fail(sent.error);
  };
  const action = (label: string, name: string, onClick: () => void) => (
    <button type="button" class="quiet" aria-label={name} onClick={onClick}>
      {label}
    </button>
  );
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
      <td>{shown.last_used_at === null ? "–" : day(shown.last_used_at)}</td>
      <td>{shown.expires_at === null ? texts.never : day(shown.expires_at)}</td>
      <td>
        <span class="actions">
          {asked ? (
            <>
              <button type="button" class="danger" onClick={revoke}>
                {texts.revokeForGood}
              </button>
              <button type="button" class="quiet" onClick={() => ask(false)}>
                {texts.keep}
              </button>
            </>
          ) : (
            <>
              {action(texts.change, texts.changeNamed(shown.name), onChange)}
              {action(texts.rotate, texts.rotateNamed(shown.name), onRotate)}
              {action(texts.revoke, texts.revokeNamed(shown.name), () => ask(true))}
            </>
          )}
        </span>
        {asked && isOwn && <p class="hint">{texts.revokesItself}</p>}
        {failure && <Notice failure={failure} />}
      </td>
    </tr>
  );
}
