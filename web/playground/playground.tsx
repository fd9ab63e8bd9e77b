/** The playground: one image, its tiles and receipt, and a conversation about it. */
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
import { type ChosenImage, fetchImage, readImage } from "./image.ts";
import { useKeyProblem } from "./key-problem.ts";
import { ModelPicker, TINY, TinyHint, useReadiness } from "./models.tsx";
import { readLink } from "./permalink.ts";
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
  const [image, setImage] = useState<ChosenImage | null>(null);
  const [refused, refuse] = useState<Failure | null>(null);
  const [question, setQuestion] = useState(link.question);
  const [models, setModels] = useState(link.models);
  const [options, setOptions] = useState<Options>({ ...MODEL_OPTIONS, ...link.options });
  const readiness = useReadiness();
  const conversation = useConversation(image, key);
  const composer = useRef<HTMLTextAreaElement>(null);

  /** How many images were chosen, given or taken away until now. */
  const dropped = useRef(0);

  const show = async (bytes: Blob, name: string, sample?: string) => {
    dropped.current += 1;
    const turn = dropped.current;
    const read = await readImage(bytes, name, sample);
    // A large image takes longer to read than a small one that was dropped after it.
    if (turn !== dropped.current) return;
    refuse(read.ok ? null : read.error);
    if (read.ok) take(read.value);
  };
  const take = (next: ChosenImage | null) => {
    dropped.current += 1;
    if (image) URL.revokeObjectURL(image.shown);
    conversation.clear();
    setImage(next);
  };
  const begin = async (sample: Sample) => {
    await show(sampleBlob(sample), sample.file, sample.name);
    // Only a sample's own question gives way to another's.
    const own = Object.values(texts.image.sample).map((each) => each.question);
    if (question.trim() === "" || own.includes(question)) {
      setQuestion(texts.image.sample[sample.name].question);
    }
    composer.current?.focus({ preventScroll: true });
  };
  useLinkedImage(link.image, key, { isWanted: () => dropped.current === 0, show, take, refuse });

  const draft = (model: string): Draft => ({
    model,
    options,
    history: conversation.history(model),
    question,
    hasImage: image !== null,
  });
  const [first, second] = models;
  const worthCounting = image !== null || question.trim() !== "";
  const receipts = [
    useReceipt(worthCounting ? draft(first) : null, image, countingKey),
    useReceipt(worthCounting && second !== undefined ? draft(second) : null, image, countingKey),
  ];
  const lastAnswers = conversation.turns.at(-1)?.answers ?? [];
  const asked = lastAnswers[0]?.draft;
  const geometry = findModel(first)?.geometry;
  const seen = receipts.map(({ counted }) => (counted?.ok ? counted.value.images[0] : undefined))[0];
  const size = seen ? ([seen.width, seen.height] as const) : (image?.size ?? null);

  return (
    <>
      <h1>{texts.image.heading}</h1>
      <p class="lead">{texts.image.lead}</p>
      <div class="columns">
        <section class="image" aria-label={texts.image.heading}>
          <DropZone image={image} onImage={show} onSample={begin}>
            {image && geometry && (
              <Stage
                image={image}
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
          {image && (
            <div class="actions">
              <button type="button" class="quiet" onClick={() => take(null)}>
                {texts.image.remove}
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
            told={lastAnswers.flatMap(({ failure }) => (failure ? [failure.code] : []))}
          />
        </div>
      </div>
      <Snippets
        draft={question.trim() === "" && asked ? asked : draft(first)}
        image={image}
        models={models}
      />
    </>
  );
}

interface Shown {
  /** Whether no other image has come meanwhile. */
  readonly isWanted: () => boolean;
  readonly show: (bytes: Blob, name: string, sample: string) => Promise<void>;
  readonly take: (image: ChosenImage) => void;
  readonly refuse: (failure: Failure | null) => void;
}

/** Shows the image that the page's address names; one that the server keeps needs its account's key first. */
function useLinkedImage(named: string, key: string, { isWanted, show, take, refuse }: Shown): void {
  useEffect(() => {
    if (!isWanted()) return;
    const sample = findSample(named);
    if (sample) {
      void show(sampleBlob(sample), sample.file, sample.name);
    } else if (named !== "" && key !== "") {
      void fetchImage(named, key).then((fetched) => {
        if (!isWanted()) return;
        refuse(fetched.ok ? null : fetched.error);
        if (fetched.ok) take(fetched.value);
      });
    }
  }, [key]);
}
