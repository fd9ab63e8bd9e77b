/** The account's signed receipts, the latest first. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { count, credits } from "../shared/amounts.ts";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { Part } from "./part.tsx";
import { useResource } from "./resource.ts";

const receipt = z.object({
  id: z.string(),
  jws: z.string(),
  payload: z.object({
    sequence: z.int(),
    created_at: z.int(),
    request: z.string(),
    model: z.string(),
    status: z.string(),
    usage: z.object({ image_tokens: z.int(), text_tokens: z.int(), output_tokens: z.int() }),
    cache: z.nullable(z.string()),
    cost_microcredits: z.int(),
  }),
});
type Receipt = z.infer<typeof receipt>;

const page = z.object({ data: z.array(receipt), has_more: z.boolean() });
const PAGE_SIZE = 20;

export function Receipts({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const load = (after?: string) => {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(after !== undefined && { after }) });
    return sendForJson(`/v1/receipts?${query}`, { key: apiKey }, page);
  };
  const resource = useResource(() => load(), [apiKey]);
  return (
    <Part
      heading={texts.receipts}
      resource={resource}
      controls={
        <button type="button" class="quiet" onClick={resource.reload}>
          {texts.reload}
        </button>
      }
    >
      {(first) =>
        first.data.length === 0 ? (
          <p class="hint">{texts.noReceipts}</p>
        ) : (
          <ReceiptTable key={first.data[0]?.id} first={first} load={load} />
        )
      }
    </Part>
  );
}

interface ReceiptTableProps {
  readonly first: z.infer<typeof page>;
  readonly load: (after: string) => ReturnType<typeof sendForJson<typeof page>>;
}

function ReceiptTable({ first, load }: ReceiptTableProps) {
  const { account: texts } = useTexts();
  const [later, setLater] = useState<readonly Receipt[]>([]);
  const [more, setMore] = useState(first.has_more);
  const [failure, fail] = useState<Failure | null>(null);
  const shown = [...first.data, ...later];
  const loadMore = async () => {
    const next = await load(shown.at(-1)?.id ?? "");
    fail(next.ok ? null : next.error);
    if (!next.ok) return;
    setLater([...later, ...next.value.data]);
    setMore(next.value.has_more);
  };
  return (
    <>
      <p class="hint">{texts.receiptsHint}</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">{texts.when}</th>
              <th scope="col">{texts.model}</th>
              <th scope="col">{texts.status}</th>
              <th scope="col">{texts.measures.tokens}</th>
              <th scope="col">{texts.measures.cost}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <ReceiptRow key={each.id} receipt={each} />
            ))}
          </tbody>
        </table>
      </div>
      {failure && <Notice failure={failure} />}
      {more && (
        <button type="button" onClick={loadMore}>
          {texts.more}
        </button>
      )}
    </>
  );
}

function ReceiptRow({ receipt: { jws, payload } }: { readonly receipt: Receipt }) {
  const { account: texts, snippet } = useTexts();
  const [said, say] = useState("");
  const { image_tokens, text_tokens, output_tokens } = payload.usage;
  const copy = () =>
    navigator.clipboard.writeText(jws).then(
      () => say(snippet.copied),
      () => say(snippet.notCopied),
    );
  return (
    <tr>
      <td>{payload.sequence}</td>
      <td>{new Date(payload.created_at * 1000).toISOString().slice(0, 19).replace("T", " ")}</td>
      <td>{payload.model}</td>
      <td>
        {payload.status}
        {payload.cache === "hit" && <span class="hint"> ({texts.fromCache})</span>}
      </td>
      <td>{count(image_tokens + text_tokens + output_tokens)}</td>
      <td>{credits(payload.cost_microcredits)}</td>
      <td>
        <button
          type="button"
          class="quiet"
          aria-label={texts.copyReceipt(payload.sequence)}
          title={payload.request}
          onClick={copy}
        >
          {said || snippet.copy}
        </button>
      </td>
    </tr>
  );
}
