/** A list of the API, page by page. */
import { useState } from "preact/hooks";
import type { Result } from "../../core/result.ts";
import type { Failure } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";

/** The entries of a page are asked for by the id of the one before them. */
export interface ListPage<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
}

export type LoadPage<Item> = (after?: string) => Promise<Result<ListPage<Item>, Failure>>;

/** How many entries a page has. */
const PAGE_SIZE = 20;

/** The query of a page; null parameters are left out. */
export function pageQuery(
  after: string | undefined,
  parameters: Readonly<Record<string, string>> = {},
): URLSearchParams {
  return new URLSearchParams({
    limit: String(PAGE_SIZE),
    ...parameters,
    ...(after !== undefined && { after }),
  });
}

interface Pages<Item> {
  /** Of all pages so far. */
  readonly items: readonly Item[];
  readonly more: boolean;
  readonly failure: Failure | null;
  loadMore(): Promise<void>;
}

/** The pages from `first` on. Whoever shows another first page uses another `key`. */
export function usePages<Item extends { readonly id: string }>(
  first: ListPage<Item>,
  load: LoadPage<Item>,
): Pages<Item> {
  const [later, setLater] = useState<readonly Item[]>([]);
  const [more, setMore] = useState(first.has_more);
  const [failure, fail] = useState<Failure | null>(null);
  const items = [...first.data, ...later];
  return {
    items,
    more,
    failure,
    async loadMore() {
      const next = await load(items.at(-1)?.id);
      fail(next.ok ? null : next.error);
      if (!next.ok) return;
      setLater([...later, ...next.value.data]);
      setMore(next.value.has_more);
    },
  };
}

export function MoreButton<Item>({ pages }: { readonly pages: Pages<Item> }) {
  const { account: texts } = useTexts();
  return (
    <>
      {pages.failure && <Notice failure={pages.failure} />}
      {pages.more && (
        <button type="button" class="more" onClick={pages.loadMore}>
          {texts.more}
        </button>
      )}
    </>
  );
}
