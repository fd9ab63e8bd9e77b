/** A job: where it stands, and its answer. */
import * as z from "zod/mini";
import { credits, time } from "../shared/amounts.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";

export const JOB_STATUSES = ["queued", "running", "succeeded", "failed", "canceled"] as const;

export const job = z.object({
  id: z.string(),
  model: z.string(),
  status: z.enum(JOB_STATUSES),
  attempt: z.int(),
  created_at: z.int(),
  result: z.nullable(
    z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) }),
  ),
  error: z.nullable(z.object({ code: z.string(), message: z.string() })),
  cost_microcredits: z.int(),
});
export type Job = z.infer<typeof job>;

export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

/** In one line. */
export function JobLine({ job }: { readonly job: Job }) {
  const { account: texts } = useTexts();
  return (
    <>
      <strong class={`status ${job.status}`}>{texts.statuses[job.status]}</strong>{" "}
      <span class="hint">
        {time(job.created_at)} UTC · {job.model} · {credits(job.cost_microcredits)} {texts.measures.cost}
      </span>
    </>
  );
}

interface JobResultProps {
  readonly job: Job;
  readonly onCancel: () => void;
}

export function JobResult({ job, onCancel }: JobResultProps) {
  const { account: texts } = useTexts();
  return (
    <>
      {job.result?.choices.map(({ message }, index) => (
        <p key={index} class="text">
          {message.content}
        </p>
      ))}
      {job.error && <Notice failure={{ ...job.error, requestId: null }} />}
      <p class="hint">
        <code>{job.id}</code> · {texts.attempt(job.attempt)}
      </p>
      {(job.status === "queued" || job.status === "running") && (
        <button type="button" onClick={onCancel}>
          {texts.cancel}
        </button>
      )}
    </>
  );
}
