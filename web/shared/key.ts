/**
 * The visitor's API key. It comes from the visitor: typed, or in the address's fragment, which browsers send to nobody
 * (`npm start` prints such an address). It is kept for the tab, and beyond it only if the visitor asks for that.
 */
import { useState } from "preact/hooks";

const NAME = "tessera.key";

export interface KeyStore {
  readonly key: string;
  readonly remembered: boolean;
  save(key: string, remember: boolean): void;
  forget(): void;
}

export function useKey(): KeyStore {
  const [held, hold] = useState(readKey);
  return {
    ...held,
    save(key, remembered) {
      store(key, remembered);
      hold({ key, remembered });
    },
    forget() {
      store("", false);
      hold({ key: "", remembered: false });
    },
  };
}

/** Takes the key out of the address, so that it stays in no history, bookmark or screenshot. */
function readKey(): { key: string; remembered: boolean } {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("key")?.trim();
  if (given) {
    fragment.delete("key");
    const rest = fragment.size > 0 ? `#${fragment}` : "";
    history.replaceState(null, "", `${location.pathname}${location.search}${rest}`);
    store(given, false);
    return { key: given, remembered: false };
  }
  const kept = read("localStorage");
  return kept ? { key: kept, remembered: true } : { key: read("sessionStorage") ?? "", remembered: false };
}

function store(key: string, remember: boolean): void {
  write("sessionStorage", remember ? "" : key);
  write("localStorage", remember ? key : "");
}

type Place = "sessionStorage" | "localStorage";

/** A browser may refuse its storage, by throwing where it is named; then the key lasts as long as the page. */
function read(place: Place): string | null {
  try {
    return window[place].getItem(NAME);
  } catch {
    return null;
  }
}

function write(place: Place, key: string): void {
  try {
    if (key === "") window[place].removeItem(NAME);
    else window[place].setItem(NAME, key);
  } catch {}
}
