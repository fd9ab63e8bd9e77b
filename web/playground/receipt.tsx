/** The receipt before the request: what each part takes, in tokens, and what all of it costs at most. */
import { imageTokens } from "../../core/image-tokens.ts";
import { findModel } from "../../core/models.ts";
import { count, credits } from "../shared/amounts.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import type { Chosen } from "./models.tsx";
import type { ReceiptState } from "./preflight.ts";

interface ReceiptProps {
  readonly models: Chosen;
  /** In the order of `models`. */
  readonly receipts: readonly ReceiptState[];
  /** The image's [width, height] in pixels, if there is one. */
  readonly size: readonly [number, number] | null;
  readonly low: boolean;
  readonly hasKey: boolean;
  /** The codes of failures that the last answers say already. */
  readonly told: readonly string[];
}

/** null: not known yet. */
interface Column {
  readonly model: string;
  readonly base: number | null;
  readonly grid: number | null;
  readonly newline: number | null;
  readonly text: number | null;
  readonly prompt: number | null;
  readonly answer: number | null;
  readonly cost: number | null;
}

export function Receipt({ models, receipts, size, low, hasKey, told }: ReceiptProps) {
  const { receipt: texts } = useTexts();
  const columns = models.map((model, index) => readColumn(model, receipts[index], size, low));
  const failures = receipts.flatMap(({ counted }) => (counted && !counted.ok ? [counted.error] : []));
  const counting = receipts.some((receipt) => receipt.counting);
  const isEmpty = size === null && receipts.every(({ counted }) => counted === null) && !counting;
  const row = (label: string, read: (column: Column) => string | number | null, name: string) => (
    <tr class={name}>
      <th scope="row">{label}</th>
      {columns.map((column) => {
        const value = read(column);
        return <td key={column.model}>{typeof value === "number" ? count(value) : (value ?? "–")}</td>;
      })}
    </tr>
  );
  return (
    <section class="receipt" aria-label={texts.heading} aria-busy={counting}>
      <h2>
        {texts.heading} <span class="hint">{counting ? texts.counting : texts.lead}</span>
      </h2>
      {isEmpty && failures.length === 0 ? (
        <p class="hint">{texts.empty}</p>
      ) : (
        <table>
          <thead class={columns.length > 1 ? "" : "hidden"}>
            <tr>
              <td />
              {columns.map(({ model }) => (
                <th scope="col" key={model}>
                  {model}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {size !== null && row(texts.base, ({ base }) => base, "base")}
            {size !== null && !low && row(texts.grid, ({ grid }) => grid, "grid")}
            {size !== null && !low && row(texts.newline, ({ newline }) => newline, "newline")}
            {row(texts.text, ({ text }) => text, "text")}
          </tbody>
          <tbody>
            {row(texts.prompt, ({ prompt }) => prompt, "prompt")}
            {row(texts.answer, ({ answer }) => answer, "answer")}
          </tbody>
          <tbody>
            {row(texts.cost, ({ cost }) => (cost === null ? null : texts.credits(credits(cost))), "cost")}
          </tbody>
        </table>
      )}
      {!hasKey && !isEmpty && <p class="hint">{texts.needsKey}</p>}
      {failures
        .filter(({ code }) => !told.includes(code))
        .slice(0, 1)
        .map((failure) => (
          <Notice key={failure.code} failure={failure} />
        ))}
    </section>
  );
}

/** What the server has counted, or until then what follows from the image's size alone. */
function readColumn(
  model: string,
  receipt: ReceiptState | undefined,
  size: readonly [number, number] | null,
  low: boolean,
): Column {
  const counted = receipt?.counted;
  const geometry = findModel(model)?.geometry;
  if (!counted?.ok) {
    const tokens = size && geometry ? imageTokens(size[0], size[1], geometry, low ? "low" : "high") : null;
    return {
      model,
      base: tokens?.base ?? null,
      grid: tokens?.grid ?? null,
      newline: tokens?.newline ?? null,
      text: null,
      prompt: null,
      answer: null,
      cost: null,
    };
  }
  const { images, prompt_tokens, text_tokens, max_tokens, max_cost_microcredits } = counted.value;
  const tokens = images[0]?.tokens;
  return {
    model,
    base: tokens?.base ?? null,
    grid: tokens?.grid ?? null,
    newline: tokens?.newline ?? null,
    text: text_tokens,
    prompt: prompt_tokens,
    answer: max_tokens,
    cost: max_cost_microcredits,
  };
}
