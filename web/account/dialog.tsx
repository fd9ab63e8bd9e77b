/** A question in front of the page. It has the focus until it is answered, and gives it back. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface DialogProps {
  readonly heading: string;
  /** It was answered, or left with Escape. */
  readonly onClose: () => void;
  /** Given a way to close it. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Dialog({ heading, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h3 id={id}>{heading}</h3>
      {children(() => dialog.current?.close())}
    </dialog>
  );
}
