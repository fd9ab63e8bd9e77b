/** What a key has used, of the budgets that it has. */
import { credits } from "../shared/amounts.ts";
import { useTexts } from "../shared/language.ts";
import type { ApiKey } from "./key.ts";

export function Used({ shown: { used, budget } }: { readonly shown: Pick<ApiKey, "used" | "budget"> }) {
  const { account: texts } = useTexts();
  const bounded = [
    { label: texts.inTotal, spent: used.total_microcredits, limit: budget.total_microcredits },
    { label: texts.thisMonth, spent: used.month_microcredits, limit: budget.month_microcredits },
    { label: texts.today, spent: used.day_microcredits, limit: budget.day_microcredits },
  ].flatMap(({ limit, ...each }) => (limit === null ? [] : [{ ...each, limit }]));
  if (bounded.length === 0) return <>{credits(used.total_microcredits)}</>;
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
