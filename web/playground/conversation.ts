/** The questions about one image and each model's answers. */
import { useRef, useState } from "preact/hooks";
import { type Failure, pageFailure } from "../shared/api.ts";
import { type AskEvent, ask, type Usage } from "./ask.ts";
import type { ChosenImage } from "./image.ts";
import type { Preflight } from "./preflight.ts";
import type { Draft, Exchange, Options } from "./request.ts";

export interface Answer {
  readonly model: string;
  /** What was asked, so that it can be asked again. */
  readonly draft: Draft;
  readonly phase: "preparing" | "waiting" | "writing" | "done" | "stopped" | "failed";
  readonly text: string;
  readonly queued: { readonly position: number; readonly seconds: number } | null;
  readonly cached: boolean;
  readonly cut: boolean;
  /** The receipt from before. */
  readonly promised: Preflight | null;
  readonly usage: Usage | null;
  readonly failure: Failure | null;
  /** From sending the question to its first token and to its last, in milliseconds. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export interface Turn {
  readonly id: number;
  readonly question: string;
  readonly answers: readonly Answer[];
}

export interface Conversation {
  readonly turns: readonly Turn[];
  readonly running: boolean;
  /** What a model has been told and has answered. */
  history(model: string): readonly Exchange[];
  ask(question: string, models: readonly string[], options: Options): void;
  retry(turn: number, model: string): void;
  stop(): void;
  /** Takes a turn away, whose question is to be asked otherwise. */
  remove(turn: number): void;
  clear(): void;
}

export function useConversation(image: ChosenImage | null, key: string): Conversation {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const stops = useRef(new Set<AbortController>());
  const count = useRef(0);

  const change = (turn: number, model: string, to: (answer: Answer) => Answer) =>
    setTurns((all) =>
      all.map((each) =>
        each.id === turn
          ? { ...each, answers: each.answers.map((answer) => (answer.model === model ? to(answer) : answer)) }
          : each,
      ),
    );

  const run = async (turn: number, { model, draft }: Answer) => {
    const controller = new AbortController();
    stops.current.add(controller);
    let since = 0;
    const onSend = () => {
      since = performance.now();
      change(turn, model, (answer) => ({ ...answer, phase: "waiting" }));
    };
    let ended = false;
    try {
      for await (const event of ask({ draft, image, key, signal: controller.signal, onSend })) {
        const elapsed = performance.now() - since;
        ended ||= event.type === "failed";
        change(turn, model, (answer) => applyEvent(answer, event, elapsed));
      }
      if (!ended) change(turn, model, (answer) => ({ ...answer, phase: "done" }));
    } catch (error) {
      const stopped = controller.signal.aborted;
      if (!stopped) console.error(error);
      change(turn, model, (answer) => ({
        ...answer,
        phase: stopped ? "stopped" : "failed",
        failure: stopped ? null : pageFailure("unexpected_answer"),
      }));
    } finally {
      stops.current.delete(controller);
    }
  };

  const stop = () => {
    for (const controller of stops.current) controller.abort();
  };
  const history = (model: string) => exchanges(turns, model);

  return {
    turns,
    running: turns.some(({ answers }) => answers.some(isRunning)),
    history,
    ask(question, models, options) {
      count.current += 1;
      const id = count.current;
      const answers = models.map((model) =>
        unanswered({ model, options, question, history: history(model), hasImage: image !== null }),
      );
      setTurns([...turns, { id, question, answers }]);
      for (const answer of answers) void run(id, answer);
    },
    retry(turn, model) {
      const answer = turns.find(({ id }) => id === turn)?.answers.find((each) => each.model === model);
      if (!answer) return;
      const again = unanswered(answer.draft);
      change(turn, model, () => again);
      void run(turn, again);
    },
    stop,
    remove(turn) {
      setTurns((all) => all.filter(({ id }) => id !== turn));
    },
    clear() {
      stop();
      setTurns([]);
    },
  };
}

function unanswered(draft: Draft): Answer {
  return {
    model: draft.model,
    draft,
    phase: "preparing",
    text: "",
    queued: null,
    cached: false,
    cut: false,
    promised: null,
    usage: null,
    failure: null,
    firstMs: null,
    lastMs: null,
  };
}

/** `elapsed`: milliseconds since the question was sent. */
function applyEvent(answer: Answer, event: AskEvent, elapsed: number): Answer {
  switch (event.type) {
    case "counted":
      return { ...answer, promised: event.promised };
    case "accepted":
      return { ...answer, cached: event.cached };
    case "queued":
      return { ...answer, queued: event };
    case "text":
      return {
        ...answer,
        phase: "writing",
        queued: null,
        text: answer.text + event.text,
        firstMs: answer.firstMs ?? elapsed,
        lastMs: elapsed,
      };
    case "finished":
      return { ...answer, cut: event.reason === "length" };
    case "usage":
      return { ...answer, usage: event.usage };
    case "failed":
      return { ...answer, phase: "failed", queued: null, failure: event.failure };
  }
}

export function isRunning({ phase }: Answer): boolean {
  return phase === "preparing" || phase === "waiting" || phase === "writing";
}

/** Answers that were stopped or failed are no part of what was said. */
function exchanges(turns: readonly Turn[], model: string): Exchange[] {
  return turns.flatMap(({ question, answers }) => {
    const answer = answers.find((each) => each.model === model);
    return answer?.phase === "done" ? [{ question, answer: answer.text }] : [];
  });
}
