/** The playground: one picture, its tiles and receipt, and a conversation about it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { findModel } from "../../core/models.ts";
import type { Failure } from "../shared/api.ts";
import { useKey } from "../shared/key.ts";
import { KeyPanel } from "../shared/key-panel.tsx";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { Composer } from "./composer.tsx";
import { useConversation } from "./conversation.ts";
import { DropZone } from "./drop-zone.tsx";
import { useKeyProblem } from "./key-problem.ts";
import { ModelPicker, TINY, TinyHint, useReadiness } from "./models.tsx";
import { readLink } from "./permalink.ts";
import { fetchPicture, type Picture, readPicture } from "./picture.ts";
import { useReceipt } from "./preflight.ts";
import { Receipt } from "./receipt.tsx";
import { type Draft, MODEL_OPTIONS, type Options } from "./request.ts";
import { findSample, type Sample, sampleBlob } from "./samples.ts";
import { Snippets } from "./snippets.tsx";
import { Stage } from "./stage.tsx";
import { Turns } from "./turns.tsx";

export function Playground() {
  const texts = useTexts();
  const store = useKey();
  const { key } = store;
  const problem = useKeyProblem(key);
  const countingKey = problem ? "" : key;
  const [link] = useState(readLink);
  const [picture, setPicture] = useState<Picture | null>(null);
  const [refused, refuse] = useState<Failure | null>(null);
  const [question, setQuestion] = useState(link.question);
  const [models, setModels] = useState(link.models);
  const [options, setOptions] = useState<Options>({ ...MODEL_OPTIONS, ...link.options });
  const readiness = useReadiness();
  const conversation = useConversation(picture, key);
  const composer = useRef<HTMLTextAreaElement>(null);

  /** How many pictures were chosen, given or taken away until now. */
  const dropped = useRef(0);

  const show = async (bytes: Blob, name: string, sample?: string) => {
    dropped.current += 1;
    const turn = dropped.current;
    const read = await readPicture(bytes, name, sample);
    // A large picture takes longer to read than a small one that was dropped after it.
    if (turn !== dropped.current) return;
    refuse(read.ok ? null : read.error);
    if (read.ok) take(read.value);
  };
  const take = (next: Picture | null) => {
    dropped.current += 1;
    if (picture) URL.revokeObjectURL(picture.shown);
    conversation.clear();
    setPicture(next);
  };
  const begin = async (sample: Sample) => {
    await show(sampleBlob(sample), sample.file, sample.name);
    // Only a sample's own question gives way to another's.
    const own = Object.values(texts.picture.sample).map((each) => each.question);
    if (question.trim() === "" || own.includes(question)) {
      setQuestion(texts.picture.sample[sample.name].question);
    }
    composer.current?.focus({ preventScroll: true });
  };
  useLinkedPicture(link.picture, key, { isWanted: () => dropped.current === 0, show, take, refuse });

  const draft = (model: string): Draft => ({
    model,
    options,
    history: conversation.history(model),
    question,
    hasPicture: picture !== null,
  });
  const [first, second] = models;
  const worthCounting = picture !== null || question.trim() !== "";
  const receipts = [
    useReceipt(worthCounting ? draft(first) : null, picture, countingKey),
    useReceipt(worthCounting && second !== undefined ? draft(second) : null, picture, countingKey),
  ];
  const asked = conversation.turns.at(-1)?.answers[0]?.draft;
  const geometry = findModel(first)?.geometry;
  const seen = receipts.map(({ counted }) => (counted?.ok ? counted.value.images[0] : undefined))[0];
  const size = seen ? ([seen.width, seen.height] as const) : (picture?.size ?? null);

  return (
    <>
      <h1>{texts.picture.heading}</h1>
      <p class="lead">{texts.picture.lead}</p>
      <div class="columns">
        <section class="picture" aria-label={texts.picture.heading}>
          <DropZone picture={picture} onPicture={show} onSample={begin}>
            {picture && geometry && (
              <Stage
                picture={picture}
                size={size}
                geometry={geometry}
                low={options.low}
                refused={receipts.some(
                  ({ counted }) => counted?.ok === false && counted.error.code.startsWith("image_"),
                )}
              />
            )}
          </DropZone>
          {refused && <Notice failure={refused} />}
          {picture && (
            <div class="actions">
              <button type="button" class="quiet" onClick={() => take(null)}>
                {texts.picture.remove}
              </button>
            </div>
          )}
        </section>
        <div class="talk">
          <KeyPanel store={store} />
          {problem && <Notice failure={problem} />}
          <ModelPicker models={models} readiness={readiness} onChange={setModels} />
          {models.includes(TINY) && (
            <TinyHint
              onQuestion={(form) => {
                setQuestion(form);
                composer.current?.focus();
              }}
            />
          )}
          <Turns
            conversation={conversation}
            readiness={readiness}
            onEdit={(turn) => {
              setQuestion(turn.question);
              conversation.remove(turn.id);
              composer.current?.focus();
            }}
          />
          <Composer
            field={composer}
            question={question}
            options={options}
            running={conversation.running}
            followsUp={conversation.turns.length > 0}
            onQuestion={setQuestion}
            onOptions={setOptions}
            onStop={conversation.stop}
            onAsk={() => {
              conversation.ask(question.trim(), models, options);
              setQuestion("");
            }}
          />
          <Receipt
            models={models}
            receipts={receipts}
            size={size}
            low={options.low}
            hasKey={countingKey !== ""}
          />
        </div>
      </div>
      <Snippets
        draft={question.trim() === "" && asked ? asked : draft(first)}
        picture={picture}
        models={models}
      />
    </>
  );
}

interface Shown {
  /** Whether no other picture has come meanwhile. */
  readonly isWanted: () => boolean;
  readonly show: (bytes: Blob, name: string, sample: string) => Promise<void>;
  readonly take: (picture: Picture) => void;
  readonly refuse: (failure: Failure | null) => void;
}

/** Shows the picture that the page's address names; one that the server keeps needs its account's key first. */
function useLinkedPicture(named: string, key: string, { isWanted, show, take, refuse }: Shown): void {
  useEffect(() => {
    if (!isWanted()) return;
    const sample = findSample(named);
    if (sample) {
      void show(sampleBlob(sample), sample.file, sample.name);
    } else if (named !== "" && key !== "") {
      void fetchPicture(named, key).then((fetched) => {
        if (!isWanted()) return;
        refuse(fetched.ok ? null : fetched.error);
        if (fetched.ok) take(fetched.value);
      });
    }
  }, [key]);
}
