/** The account's jobs, the latest first, with their results. */
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import { type Failure, send, sendForJson } from "../shared/api.ts";
import { useTexts } from "../shared/language.ts";
import { Notice } from "../shared/notice.tsx";
import { JOB_STATUSES, type Job, JobLine, JobResult, job, jobPath } from "./job.tsx";
import { type ListPage, type LoadPage, MoreButton, pageQuery, usePages } from "./pages.tsx";
import { Part } from "./part.tsx";
import { useResource } from "./resource.ts";

const page = z.object({ data: z.array(job), has_more: z.boolean() });

export function Jobs({ apiKey }: { readonly apiKey: string }) {
  const { account: texts } = useTexts();
  const [status, setStatus] = useState("");
  const [failure, fail] = useState<Failure | null>(null);
  const load: LoadPage<Job> = (after) =>
    sendForJson(`/v1/jobs?${pageQuery(after, status === "" ? {} : { status })}`, { key: apiKey }, page);
  const resource = useResource(() => load(), [apiKey, status]);
  const cancel = async (id: string) => {
    const sent = await send(`${jobPath(id)}/cancel`, { key: apiKey, method: "POST" });
    fail(sent.ok ? null : sent.error);
    resource.reload();
  };
  return (
    <Part
      heading={texts.jobs}
      resource={resource}
      controls={
        <div class="controls">
          <select
            aria-label={texts.status}
            value={status}
            onChange={({ currentTarget }) => setStatus(currentTarget.value)}
          >
            <option value="">{texts.everyStatus}</option>
            {JOB_STATUSES.map((each) => (
              <option key={each} value={each}>
                {texts.statuses[each]}
              </option>
            ))}
          </select>
          <button type="button" class="quiet" onClick={resource.reload}>
            {texts.reload}
          </button>
        </div>
      }
    >
      {(first) => (
        <>
          {failure && <Notice failure={failure} />}
          {first.data.length === 0 ? (
            <p class="hint">{status === "" ? texts.noJobs : texts.noSuchJobs}</p>
          ) : (
            <JobList key={`${status} ${first.data[0]?.id}`} first={first} load={load} onCancel={cancel} />
          )}
        </>
      )}
    </Part>
  );
}

interface JobListProps {
  readonly first: ListPage<Job>;
  readonly load: LoadPage<Job>;
  readonly onCancel: (id: string) => void;
}

function JobList({ first, load, onCancel }: JobListProps) {
  const pages = usePages(first, load);
  return (
    <>
      <ul class="jobs">
        {pages.items.map((each) => (
          <li key={each.id}>
            <details class="job">
              <summary>
                <JobLine job={each} />
              </summary>
              <JobResult job={each} onCancel={() => onCancel(each.id)} />
            </details>
          </li>
        ))}
      </ul>
      <MoreButton pages={pages} />
    </>
  );
}
