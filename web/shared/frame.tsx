/** What every page has around its content: the name, the ways to the other pages, and the language. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { LANGUAGES, type Language, TextsContext, useLanguage } from "./language.ts";
import mark from "./mark.svg";

interface FrameProps {
  readonly here: "playground" | "account";
  readonly children: ComponentChildren;
}

export function Frame({ here, children }: FrameProps) {
  const [language, choose] = useLanguage();
  const texts = LANGUAGES[language];
  const title = here === "account" ? texts.account.heading : texts.image.heading;
  useEffect(() => {
    document.title = `Tessera: ${title}`;
  }, [title]);
  const other: Language = language === "en" ? "zh" : "en";
  return (
    <TextsContext.Provider value={texts}>
      <header class="top">
        <a class="brand" href="/" aria-label={texts.frame.home}>
          <img src={`data:image/svg+xml,${encodeURIComponent(mark)}`} alt="" />
          <span>Tessera</span>
        </a>
        <nav aria-label={texts.frame.pages}>
          <a href="/" aria-current={here === "playground" ? "page" : undefined}>
            {texts.frame.playground}
          </a>
          <a href="/account" aria-current={here === "account" ? "page" : undefined}>
            {texts.frame.account}
          </a>
          <a href="/docs">{texts.frame.api}</a>
          <button type="button" class="quiet" lang={LANGUAGES[other].tag} onClick={() => choose(other)}>
            {LANGUAGES[other].name}
          </button>
        </nav>
      </header>
      <main>{children}</main>
    </TextsContext.Provider>
  );
}
