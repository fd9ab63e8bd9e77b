/** A failure in a sentence, with what to do about it. */
import type { ComponentChildren } from "preact";
import { type Failure, isPageCode } from "./api.ts";
import { useTexts } from "./language.ts";

interface NoticeProps {
  readonly failure: Failure;
  /** Buttons. */
  readonly children?: ComponentChildren;
}

export function Notice({ failure, children }: NoticeProps) {
  const texts = useTexts();
  const known = Object.hasOwn(texts.failures, failure.code);
  const [what, todo, how] = texts.failures[failure.code] ?? texts.otherFailure;
  return (
    <div class="notice" role="alert">
      <p>
        <strong>{what}</strong> {todo}
        {how !== undefined && (
          <>
            {" "}
            <a href={placeOf(failure.code)} target="_blank" rel="noopener">
              {how}
            </a>
          </>
        )}
      </p>
      {failure.message !== "" && (!known || isTelling(failure.code)) && (
        <p class="hint" lang="en">
          {failure.message}
        </p>
      )}
      <p class="hint">
        <Code code={failure.code} />
        {failure.requestId !== null && (
          <>
            {" · "}
            <code>{failure.requestId}</code>
          </>
        )}
      </p>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}

/** Where the reference explains a code of the API. */
function placeOf(code: string): string {
  return `/docs#description/${code.replaceAll("_", "-")}`;
}

/** A code of the API leads to its place in the reference, in a tab of its own: nothing that was typed here is lost. */
function Code({ code }: { readonly code: string }) {
  const texts = useTexts();
  if (isPageCode(code)) return <code>{code}</code>;
  return (
    <a href={placeOf(code)} target="_blank" rel="noopener" aria-label={texts.meaningOf(code)}>
      <code>{code}</code>
    </a>
  );
}

/** Codes whose fixed sentence leaves out what the server names: a scope, a model, a field. */
const NAMING = new Set(["insufficient_scope", "model_not_allowed", "exceeds_own_key", "invalid_value"]);

/** Whether the server's own words add what no fixed sentence has, such as a limit or a format's name. */
function isTelling(code: string): boolean {
  return NAMING.has(code) || code.startsWith("image_") || code.endsWith("_exceeded");
}
