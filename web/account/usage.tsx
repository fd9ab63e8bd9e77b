/** What was used, by day and model. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { count, credits, day } from "../shared/amounts.ts";
import { sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { byDayAndModel, MEASURES, type Measure, type UsageRow } from "./days.ts";
import { Part } from "./part.tsx";
import { Plot } from "./plot.tsx";
import { useResource } from "./resource.ts";

const usage = z.object({
  data: z.array(
    z.object({
      start: z.int(),
      model: z.string(),
      requests: z.int(),
      image_tokens: z.int(),
      text_tokens: z.int(),
      output_tokens: z.int(),
      cost_microcredits: z.int(),
    }),
  ),
  total: z.object({ requests: z.int(), cost_microcredits: z.int() }),
});

const RANGES = [7, 30, 90] as const;
const DAY_SECONDS = 86_400;

export function Usage({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const [days, setDays] = useState<number>(30);
  const [measure, setMeasure] = useState<Measure>("cost");
  const today = Math.floor(Date.now() / 1000 / DAY_SECONDS) * DAY_SECONDS;
  const from = today - (days - 1) * DAY_SECONDS;
  const resource = useResource(
    () => sendForJson(`/v1/usage?bucket=day&from=${from}`, { key: apiKey }, usage),
    [apiKey, from],
  );
  const show = (value: number) => (measure === "cost" ? credits(value) : count(value));
  return (
    <Part
      heading={texts.usage}
      resource={resource}
      controls={
        <div class="controls">
          <select
            aria-label={texts.measure}
            value={measure}
            onChange={({ currentTarget }) =>
              setMeasure(MEASURES.find((each) => each === currentTarget.value) ?? "cost")
            }
          >
            {MEASURES.map((each) => (
              <option key={each} value={each}>
                {texts.measures[each]}
              </option>
            ))}
          </select>
          <select
            aria-label={texts.range}
            value={days}
            onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
          >
            {RANGES.map((each) => (
              <option key={each} value={each}>
                {texts.days(each)}
              </option>
            ))}
          </select>
        </div>
      }
    >
      {({ data, total }) =>
        data.length === 0 ? (
          <p class="hint">
            {texts.unused} <a href="/">{texts.unusedLink}</a>
          </p>
        ) : (
          <>
            <p>{texts.total(count(total.requests), credits(total.cost_microcredits))}</p>
            <Plot
              days={byDayAndModel(data, { from, days, measure })}
              show={show}
              unit={texts.measures[measure]}
            />
            <UsageTable rows={data} />
          </>
        )
      }
    </Part>
  );
}

/** The same for whoever can't see the plot, or wants the figures. */
function UsageTable({ rows }: { readonly rows: readonly UsageRow[] }) {
  const { account: texts } = useTexts();
  return (
    <details>
      <summary>{texts.figures}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.day}</th>
              <th scope="col">{texts.model}</th>
              <th scope="col">{texts.measures.requests}</th>
              <th scope="col">{texts.measures.tokens}</th>
              <th scope="col">{texts.measures.cost}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                <td>{day(row.start)}</td>
                <td>{row.model}</td>
                <td>{count(row.requests)}</td>
                <td>{count(row.image_tokens + row.text_tokens + row.output_tokens)}</td>
                <td>{credits(row.cost_microcredits)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
