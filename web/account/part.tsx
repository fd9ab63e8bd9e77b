/** One part of the account, with its states: locked, on its way, refused, empty, there. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import type { Scope } from "./key.ts";
import type { Resource } from "./resource.ts";

interface PartProps<Value> {
  readonly heading: string;
  readonly resource: Resource<Value>;
  /** Beside the heading. */
  readonly controls?: ComponentChildren;
  readonly children: (value: Value) => ComponentChildren;
}

interface LockedPartProps {
  readonly heading: string;
  /** Which the key lacks. */
  readonly scope: Scope;
  /** What it may do all the same. */
  readonly children?: ComponentChildren;
}

/** A part that the key's scopes do not open. */
export function LockedPart({ heading, scope, children }: LockedPartProps) {
  const { account: texts } = useTexts();
  const id = useId();
  return (
    <section class="part" aria-labelledby={id}>
      <h2 id={id}>{heading}</h2>
      <p class="hint">{texts.needsScope(scope)}</p>
      {children}
    </section>
  );
}

export function Part<Value>({ heading, resource, controls, children }: PartProps<Value>) {
  const texts = useTexts();
  const id = useId();
  const { answer, loading, reload } = resource;
  return (
    <section class="part" aria-labelledby={id} aria-busy={loading}>
      <div class="head">
        <h2 id={id}>{heading}</h2>
        {controls}
      </div>
      {answer === null && <p class="hint">{texts.account.loading}</p>}
      {answer?.ok && children(answer.value)}
      {answer && !answer.ok && (
        <Notice failure={answer.error}>
          <button type="button" onClick={reload}>
            {texts.ask.again}
          </button>
        </Notice>
      )}
    </section>
  );
}
