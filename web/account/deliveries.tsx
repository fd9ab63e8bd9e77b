/** The account's events, the latest first, and whether each has arrived. */
import { useId, useState } from "preact/hooks";
import * as z from "zod/mini";
import { count, time } from "../shared/amounts.ts";
import { type Failure, send, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { type ListPage, type LoadPage, MoreButton, pageQuery, usePages } from "./pages.tsx";
import { useResource } from "./resource.ts";

const delivery = z.object({
  id: z.string(),
  type: z.string(),
  about: z.string(),
  url: z.string(),
  status: z.enum(["pending", "delivered", "given_up"]),
  attempts: z.int(),
  created_at: z.int(),
  next_attempt_at: z.nullable(z.int()),
});
type Delivery = z.infer<typeof delivery>;

const page = z.object({ data: z.array(delivery), has_more: z.boolean() });
const PATH = "/v1/webhooks/deliveries";

export function Deliveries({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const id = useId();
  const [failure, fail] = useState<Failure | null>(null);
  const load: LoadPage<Delivery> = (after) =>
    sendForJson(`${PATH}?${pageQuery(after)}`, { key: apiKey }, page);
  const { answer, reload } = useResource(() => load(), [apiKey]);
  const redeliver = async (of: string) => {
    const sent = await send(`${PATH}/${encodeURIComponent(of)}/redeliver`, { key: apiKey, method: "POST" });
    fail(sent.ok ? null : sent.error);
    reload();
  };
  return (
    <section class="part" aria-labelledby={id}>
      <div class="head">
        <h3 id={id}>{texts.deliveries}</h3>
        <button type="button" class="quiet" onClick={reload}>
          {texts.reload}
        </button>
      </div>
      {failure && <Notice failure={failure} />}
      {answer && !answer.ok && <Notice failure={answer.error} />}
      {answer?.ok && answer.value.data.length === 0 && <p class="hint">{texts.noDeliveries}</p>}
      {answer?.ok && answer.value.data.length > 0 && (
        <DeliveryTable
          key={answer.value.data[0]?.id}
          first={answer.value}
          load={load}
          onRedeliver={redeliver}
        />
      )}
    </section>
  );
}

interface DeliveryTableProps {
  readonly first: ListPage<Delivery>;
  readonly load: LoadPage<Delivery>;
  readonly onRedeliver: (id: string) => void;
}

function DeliveryTable({ first, load, onRedeliver }: DeliveryTableProps) {
  const { account: texts } = useTexts();
  const pages = usePages(first, load);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.when}</th>
              <th scope="col">{texts.event}</th>
              <th scope="col">{texts.endpoint}</th>
              <th scope="col">{texts.attempts}</th>
              <th scope="col">{texts.status}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {pages.items.map((each) => (
              <tr key={each.id}>
                <td>{time(each.created_at)}</td>
                <td>
                  {each.type}
                  <br />
                  <code class="hint">{each.about}</code>
                </td>
                <td class="address">{each.url}</td>
                <td>{count(each.attempts)}</td>
                <td>
                  {texts.deliveryStatus[each.status]}
                  {each.next_attempt_at !== null && (
                    <>
                      <br />
                      <span class="hint">{texts.nextAttempt(time(each.next_attempt_at))}</span>
                    </>
                  )}
                </td>
                <td>
                  <button
                    type="button"
                    class="quiet"
                    aria-label={texts.redeliverNamed(each.type, each.about)}
                    onClick={() => onRedeliver(each.id)}
                  >
                    {texts.redeliver}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton pages={pages} />
    </>
  );
}
