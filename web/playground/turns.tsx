/** The conversation so far. */
import { count, credits, duration } from "../shared/amounts.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import type { Usage } from "./ask.ts";
import { type Answer, type Conversation, isRunning, type Turn } from "./conversation.ts";
import type { Readiness } from "./models.tsx";
import type { Preflight } from "./preflight.ts";

interface TurnsProps {
  readonly conversation: Conversation;
  readonly readiness: Readiness;
  readonly onEdit: (turn: Turn) => void;
}

export function Turns({ conversation, readiness, onEdit }: TurnsProps) {
  const { ask: texts } = useTexts();
  const { turns, running } = conversation;
  return (
    <>
      {/* Read out whole when it is there, not token by token. */}
      <p class="hidden" role="status">
        {running
          ? texts.waiting
          : turns
              .at(-1)
              ?.answers.filter(({ phase }) => phase === "done")
              .map(({ model, text }) => texts.answered(model, text))
              .join(" ")}
      </p>
      {turns.length > 0 && (
        <ol class="turns">
          {turns.map((turn) => (
            <li key={turn.id}>
              <p class="question">
                <span class="hidden">{texts.you}: </span>
                {turn.question}
              </p>
              <div class="answers">
                {turn.answers.map((answer) => (
                  <AnswerView
                    key={answer.model}
                    answer={answer}
                    cold={readiness[answer.model] === false}
                    onRetry={() => conversation.retry(turn.id, answer.model)}
                    onEdit={() => onEdit(turn)}
                  />
                ))}
              </div>
            </li>
          ))}
        </ol>
      )}
      {turns.length > 0 && !running && (
        <button type="button" class="quiet" onClick={conversation.clear}>
          {texts.startOver}
        </button>
      )}
    </>
  );
}

interface AnswerViewProps {
  readonly answer: Answer;
  /** Whether its model has no worker. */
  readonly cold: boolean;
  readonly onRetry: () => void;
  readonly onEdit: () => void;
}

function AnswerView({ answer, cold, onRetry, onEdit }: AnswerViewProps) {
  const { ask: texts } = useTexts();
  const { phase, text, failure } = answer;
  return (
    <article class={`answer ${phase}`} aria-busy={isRunning(answer)} aria-label={answer.model}>
      <p class="model">{answer.model}</p>
      {(text !== "" || phase === "writing") && <p class="text">{text}</p>}
      <Progress answer={answer} />
      {phase === "stopped" && (
        <p class="hint">
          {texts.stopped}{" "}
          <button type="button" class="quiet" onClick={onRetry}>
            {texts.again}
          </button>
        </p>
      )}
      {failure && (
        <Notice failure={failure}>
          {!(cold && failure.code === "no_worker") && (
            <button type="button" onClick={onRetry}>
              {texts.again}
            </button>
          )}
          <button type="button" class="quiet" onClick={onEdit}>
            {texts.edit}
          </button>
        </Notice>
      )}
      {phase === "done" && <UsageLines answer={answer} />}
    </article>
  );
}

function Progress({ answer: { phase, queued, draft } }: { readonly answer: Answer }) {
  const { ask: texts } = useTexts();
  if (phase !== "preparing" && phase !== "waiting") return null;
  const said = queued
    ? texts.queued(queued.position, queued.seconds)
    : phase === "preparing" && draft.hasImage
      ? texts.uploading
      : texts.waiting;
  return (
    <p class="progress hint">
      <span class="mosaic" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      {said}
    </p>
  );
}

/** What the answer took and cost, beside what the receipt had promised, and how fast it came. */
function UsageLines({ answer }: { readonly answer: Answer }) {
  const { ask: texts } = useTexts();
  const { usage, promised, cached, cut, firstMs } = answer;
  if (!usage || !promised) return null;
  const spent = [
    texts.tokens(count(usage.prompt_tokens), count(usage.completion_tokens)),
    texts.charged(credits(usage.cost_microcredits), credits(promised.max_cost_microcredits)),
  ];
  const perSecond = tokensPerSecond(answer);
  const pace = [
    ...(cached ? [texts.cached] : []),
    ...(firstMs !== null ? [texts.first(duration(firstMs))] : []),
    ...(perSecond !== null ? [texts.speed(perSecond.toFixed(1))] : []),
    ...(cut ? [texts.cut] : []),
  ];
  return (
    <p class="usage hint">
      {spent.join(" · ")}
      <br />
      <Verdict promised={promised} usage={usage} /> {pace.join(" · ")}
    </p>
  );
}

function Verdict({ promised, usage }: { readonly promised: Preflight; readonly usage: Usage }) {
  const { ask: texts } = useTexts();
  return promised.prompt_tokens === usage.prompt_tokens ? (
    <b class="agrees">✓ {texts.equal} ·</b>
  ) : (
    <b class="differs">✗ {texts.unequal} ·</b>
  );
}

/** The engine's pace after the first token, which ends the prefill; null where there is none to tell. */
function tokensPerSecond({ usage, cached, firstMs, lastMs }: Answer): number | null {
  if (!usage || cached || firstMs === null || lastMs === null) return null;
  const tokens = usage.completion_tokens - 1;
  const seconds = (lastMs - firstMs) / 1000;
  return tokens > 0 && seconds > 0 ? tokens / seconds : null;
}
