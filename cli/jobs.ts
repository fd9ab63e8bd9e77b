import { Option } from "@commander-js/extra-typings";
import { z } from "zod";
import { requestJson } from "./api.ts";
import { apiCommand, CommandError, examples, newCommand, print, toNumber } from "./command.ts";
import { type Connection, findConnection } from "./connection.ts";
import { startProgress } from "./terminal.ts";

const job = z.looseObject({
  id: z.string(),
  model: z.string(),
  status: z.enum(["queued", "running", "succeeded", "failed", "canceled"]),
  attempt: z.number(),
  created_at: z.number(),
  result: z
    .looseObject({ choices: z.tuple([z.looseObject({ message: z.looseObject({ content: z.string() }) })]) })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  cost_microcredits: z.number(),
});
type Job = z.infer<typeof job>;
const jobList = z.looseObject({ data: z.array(job), has_more: z.boolean() });

/** How often a job is asked after, in milliseconds: at first, and at most. */
const FIRST_POLL_MS = 250;
const LONGEST_POLL_MS = 5000;

export function jobs() {
  const list = apiCommand("list", "list the account's jobs, the latest first")
    .addOption(new Option("--status <status>", "only jobs that stand so").choices(job.shape.status.options))
    .option("--limit <n>", "how many, 100 at most", toNumber, 20)
    .option("--after <id>", "those after this job, which was the last of the page before")
    .addHelpText("after", examples("tessera jobs list --status queued"))
    .action(async ({ status, limit, after, ...options }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(status && { status }),
        ...(after && { after }),
      });
      const asked = { method: "GET", path: `/v1/jobs?${query}` } as const;
      const listed = await requestJson(findConnection(options), asked, jobList);
      print(options.json, listed, () => listed.data.map(line).join("\n"));
      const last = listed.data.at(-1);
      if (listed.has_more && last && !options.json) console.error(`More: --after ${last.id}`);
    });

  const show = apiCommand("show", "show how a job stands, and its answer")
    .argument("<id>", "the job")
    .addHelpText("after", examples("tessera jobs show job_0123456789abcdef"))
    .action(async (id, options) => {
      const found = await read(findConnection(options), id);
      print(options.json, found, () => describe(found));
    });

  const wait = apiCommand("wait", "wait for a job's end and print its answer")
    .argument("<id>", "the job")
    .option("--timeout <seconds>", "give up after this time, and let the job go on", toNumber)
    .addHelpText(
      "after",
      examples(
        'id=$(tessera ask models/tessera-tiny/examples/star.png "What color is the star?" --job)',
        'tessera jobs wait "$id"',
      ),
    )
    .action(async (id, options) => {
      const ended = await untilEnded(findConnection(options), id, options.timeout);
      if (ended.status !== "succeeded" && !options.json) throw failureOf(ended);
      print(options.json, ended, () => answerOf(ended));
      if (ended.status !== "succeeded") throw failureOf(ended);
    });

  const cancel = apiCommand("cancel", "cancel a job")
    .argument("<id>", "the job")
    .addHelpText(
      "after",
      `
A job that waits ends for nothing; one that runs is stopped, and pays for its prompt and the tokens produced.
${examples("tessera jobs cancel job_0123456789abcdef")}`,
    )
    .action(async (id, options) => {
      const asked = { method: "POST", path: `${pathOf(id)}/cancel` } as const;
      const ended = await requestJson(findConnection(options), asked, job);
      print(options.json, ended, () => line(ended));
    });

  return newCommand("jobs", "list jobs, wait for them, cancel them")
    .addHelpText("after", "\ntessera ask --job makes one. A job is kept for a day after its end.")
    .addCommand(list)
    .addCommand(show)
    .addCommand(wait)
    .addCommand(cancel);
}

const pathOf = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;

function read(server: Connection, id: string): Promise<Job> {
  return requestJson(server, { method: "GET", path: pathOf(id) }, job);
}

async function untilEnded(server: Connection, id: string, timeout = Number.POSITIVE_INFINITY): Promise<Job> {
  const deadline = performance.now() + timeout * 1000;
  const progress = startProgress("asking after the job");
  try {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LONGEST_POLL_MS)) {
      const found = await read(server, id);
      if (found.status !== "queued" && found.status !== "running") return found;
      const attempt = found.attempt > 1 ? `, attempt ${found.attempt}` : "";
      progress.say(`the job is ${found.status}${attempt}`);
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new CommandError(`${id} is still ${found.status} after ${timeout} s, and goes on`, {
          code: "timeout",
          later: true,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
    }
  } finally {
    progress.stop();
  }
}

function failureOf({ id, status, error }: Job): CommandError {
  return new CommandError(error?.message ?? `${id} is ${status}`, {
    code: error?.code ?? `job_${status}`,
    type: "job_error",
  });
}

function answerOf({ result }: Job): string {
  return result?.choices[0].message.content ?? "";
}

function line({ id, status, model, created_at, cost_microcredits: cost }: Job): string {
  const time = new Date(created_at * 1000).toISOString().slice(0, 16).replace("T", " ");
  return [id, time, status.padEnd(9), model, `${cost} micro-credits`].join("  ");
}

function describe(found: Job): string {
  const { error } = found;
  const end = error ? `${error.code}: ${error.message}` : answerOf(found);
  return [line(found), ...(end ? [end] : [])].join("\n");
}
