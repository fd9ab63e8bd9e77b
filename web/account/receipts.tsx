/** The account's signed receipts, the latest first. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { count, credits, time } from "../shared/amounts.ts";
import { sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { type ListPage, type LoadPage, MoreButton, pageQuery, usePages } from "./pages.tsx";
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
    status: z.enum(["succeeded", "failed", "canceled", "expired"]),
    usage: z.object({ image_tokens: z.int(), text_tokens: z.int(), output_tokens: z.int() }),
    cache: z.nullable(z.string()),
    cost_microcredits: z.int(),
  }),
});
type Receipt = z.infer<typeof receipt>;

const page = z.object({ data: z.array(receipt), has_more: z.boolean() });

export function Receipts({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const load: LoadPage<Receipt> = (after) =>
    sendForJson(`/v1/receipts?${pageQuery(after)}`, { key: apiKey }, page);
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
  readonly first: ListPage<Receipt>;
  readonly load: LoadPage<Receipt>;
}

function ReceiptTable({ first, load }: ReceiptTableProps) {
  const { account: texts } = useTexts();
  const pages = usePages(first, load);
  return (
    <>
      <p class="hint">{texts.receiptsHint}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0}>
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
            {pages.items.map((each) => (
              <ReceiptRow key={each.id} receipt={each} />
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton pages={pages} />
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
      <td>{time(payload.created_at)}</td>
      <td>{payload.model}</td>
      <td>
        {texts.statuses[payload.status]}
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
