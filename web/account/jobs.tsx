/** One job by its id: where it stands, and its answer. */
import { useId, useState } from "preact/hooks";
import * as z from "zod/mini";
import type { Result } from "../../core/result.ts";
import { credits } from "../shared/amounts.ts";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";

const job = z.object({
  id: z.string(),
  model: z.string(),
  status: z.string(),
  attempt: z.int(),
  created_at: z.int(),
  result: z.nullable(
    z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) }),
  ),
  error: z.nullable(z.object({ code: z.string(), message: z.string() })),
  cost_microcredits: z.int(),
});
type Job = z.infer<typeof job>;

export function Jobs({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const [id, setId] = useState("");
  const [found, find] = useState<Result<Job, Failure> | null>(null);
  const field = useId();
  const path = (of: string) => `/v1/jobs/${encodeURIComponent(of)}`;
  const look = async () => find(await sendForJson(path(id.trim()), { key: apiKey }, job));
  const cancel = async (of: string) =>
    find(await sendForJson(`${path(of)}/cancel`, { key: apiKey, method: "POST" }, job));
  return (
    <section class="part" aria-labelledby={`${field}-heading`}>
      <div class="head">
        <h2 id={`${field}-heading`}>{texts.jobs}</h2>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (id.trim() !== "") void look();
        }}
      >
        <label for={field}>{texts.jobId}</label>
        <div class="joined">
          <input
            id={field}
            value={id}
            placeholder="job_…"
            spellcheck={false}
            onInput={({ currentTarget }) => setId(currentTarget.value)}
          />
          <button type="submit">{texts.look}</button>
        </div>
      </form>
      <div aria-live="polite">
        {found?.ok && <JobView job={found.value} onCancel={() => cancel(found.value.id)} />}
        {found && !found.ok && <Notice failure={found.error} />}
      </div>
    </section>
  );
}

function JobView({ job, onCancel }: { readonly job: Job; readonly onCancel: () => void }) {
  const { account: texts } = useTexts();
  const failure = job.error && { code: job.error.code, message: job.error.message, requestId: null };
  return (
    <article class="job">
      <p>
        <strong>{texts.jobStatus[job.status] ?? job.status}</strong>{" "}
        <span class="hint">
          {job.model} · {texts.attempt(job.attempt)} · {credits(job.cost_microcredits)} {texts.measures.cost}{" "}
          · {new Date(job.created_at * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC
        </span>
      </p>
      {job.result?.choices.map(({ message }) => (
        <p key={message.content} class="text">
          {message.content}
        </p>
      ))}
      {failure && <Notice failure={failure} />}
      {(job.status === "queued" || job.status === "running") && (
        <button type="button" onClick={onCancel}>
          {texts.cancel}
        </button>
      )}
    </article>
  );
}
