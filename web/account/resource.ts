/** Something that the API is asked for when a part of the page appears, and again when it may have changed. */
import { useEffect, useState } from "preact/hooks";
import type { Result } from "../../core/result.ts";
import type { Failure } from "../shared/api.ts";

export interface Resource<Value> {
  /** What was answered last; null before that. */
  readonly answer: Result<Value, Failure> | null;
  readonly loading: boolean;
  reload(): void;
}

/** Asks whenever one of `inputs` changes; an answer that comes after that is dropped. */
export function useResource<Value>(
  load: () => Promise<Result<Value, Failure>>,
  inputs: readonly unknown[],
): Resource<Value> {
  const [answer, setAnswer] = useState<Result<Value, Failure> | null>(null);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let current = true;
    setLoading(true);
    void load().then((loaded) => {
      if (!current) return;
      setAnswer(loaded);
      setLoading(false);
    });
    return () => {
      current = false;
    };
  }, [...inputs, round]);
  return { answer, loading, reload: () => setRound((before) => before + 1) };
}
