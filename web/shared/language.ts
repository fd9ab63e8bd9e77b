/** The page's language: the visitor's choice in this tab, else the browser's. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { en, type Texts } from "../texts/en.ts";
import { zh } from "../texts/zh.ts";

export const LANGUAGES = { en, zh } as const;
export type Language = keyof typeof LANGUAGES;

const NAME = "tessera.language";

export const TextsContext = createContext<Texts>(en);

export function useTexts(): Texts {
  return useContext(TextsContext);
}

export function useLanguage(): [Language, (language: Language) => void] {
  const [language, choose] = useState<Language>(() => readChoice() ?? browserLanguage());
  useEffect(() => {
    document.documentElement.lang = LANGUAGES[language].tag;
  }, [language]);
  return [
    language,
    (chosen) => {
      try {
        sessionStorage.setItem(NAME, chosen);
      } catch {}
      choose(chosen);
    },
  ];
}

function readChoice(): Language | null {
  try {
    const chosen = sessionStorage.getItem(NAME);
    return chosen === "en" || chosen === "zh" ? chosen : null;
  } catch {
    return null;
  }
}

function browserLanguage(): Language {
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return first?.toLowerCase().startsWith("zh") ? "zh" : "en";
}
