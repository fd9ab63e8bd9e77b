/** One job by its id, for a key that may not list them. */
import { useId, useState } from "preact/hooks";
import type { Result } from "../../core/result.ts";
import { type Failure, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { type Job, JobLine, JobResult, job, jobPath } from "./job.tsx";

export function FindJob({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const [id, setId] = useState("");
  const [found, find] = useState<Result<Job, Failure> | null>(null);
  const field = useId();
  const look = async () => find(await sendForJson(jobPath(id.trim()), { key: apiKey }, job));
  const cancel = async (of: string) =>
    find(await sendForJson(`${jobPath(of)}/cancel`, { key: apiKey, method: "POST" }, job));
  return (
    <>
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
        {found?.ok && (
          <article class="job">
            <p>
              <JobLine job={found.value} />
            </p>
            <JobResult job={found.value} onCancel={() => cancel(found.value.id)} />
          </article>
        )}
        {found && !found.ok && <Notice failure={found.error} />}
      </div>
    </>
  );
}
