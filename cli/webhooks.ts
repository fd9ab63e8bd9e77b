import { z } from "zod";
import { requestJson } from "./api.ts";
import { apiCommand, examples, newCommand, print, toCount, toMicrocredits } from "./command.ts";
import { findConnection } from "./connection.ts";

const endpoint = z.looseObject({ url: z.string().nullable(), balance_low_microcredits: z.number() });
const delivery = z.looseObject({
  id: z.string(),
  type: z.string(),
  about: z.string(),
  url: z.string(),
  status: z.string(),
  attempts: z.number(),
  next_attempt_at: z.number().nullable(),
});
const deliveryList = z.looseObject({ data: z.array(delivery), has_more: z.boolean() });

const PATH = "/v1/webhooks";
const NOWHERE = "The account's events go nowhere.";

export function webhooks() {
  const show = apiCommand("show", "show where the account's events go")
    .addHelpText("after", examples("tessera webhooks show"))
    .action(async (options) => {
      const found = await requestJson(findConnection(options), { method: "GET", path: PATH }, endpoint);
      print(options.json, found, () => describe(found));
    });

  const set = apiCommand("set", "set where the account's events go")
    .argument("<url>", "an https URL")
    .option(
      "--balance-low <n>",
      "tell when less credit than this is left, in micro-credits (0: never)",
      toMicrocredits,
      0,
    )
    .addHelpText("after", examples("tessera webhooks set https://example.com/events --balance-low 1000000"))
    .action(async (url, { balanceLow, ...options }) => {
      const body = { url, balance_low_microcredits: balanceLow };
      const asked = { method: "PUT", path: PATH, body } as const;
      const made = await requestJson(findConnection(options), asked, endpoint);
      print(options.json, made, () => describe(made));
    });

  const remove = apiCommand("remove", "send the account's events nowhere")
    .addHelpText("after", examples("tessera webhooks remove"))
    .action(async (options) => {
      const asked = { method: "DELETE", path: PATH } as const;
      const answer = await requestJson(findConnection(options), asked, z.unknown());
      print(options.json, answer, () => NOWHERE);
    });

  const deliveries = apiCommand("deliveries", "list what has become of events, the latest first")
    .option("--limit <n>", "how many, 100 at most", toCount, 20)
    .option("--after <id>", "those after this event, which was the last of the page before")
    .addHelpText("after", examples("tessera webhooks deliveries"))
    .action(async ({ limit, after, ...options }) => {
      const query = new URLSearchParams({ limit: String(limit), ...(after && { after }) });
      const asked = { method: "GET", path: `${PATH}/deliveries?${query}` } as const;
      const listed = await requestJson(findConnection(options), asked, deliveryList);
      print(options.json, listed, () => listed.data.map(line).join("\n"));
      const last = listed.data.at(-1);
      if (listed.has_more && last && !options.json) console.error(`More: --after ${last.id}`);
    });

  const redeliver = apiCommand("redeliver", "send an event once more, under the same id")
    .argument("<id>", "the event, by the id that tessera webhooks deliveries shows")
    .addHelpText("after", examples("tessera webhooks redeliver evt_0123456789abcdef"))
    .action(async (id, options) => {
      const path = `${PATH}/deliveries/${encodeURIComponent(id)}/redeliver`;
      const sent = await requestJson(findConnection(options), { method: "POST", path }, delivery);
      print(options.json, sent, () => line(sent));
    });

  return newCommand("webhooks", "where the account's events go, and what became of them")
    .addHelpText("after", "\nThe key needs the scope webhooks:write.")
    .addCommand(show)
    .addCommand(set)
    .addCommand(remove)
    .addCommand(deliveries)
    .addCommand(redeliver);
}

function describe({ url, balance_low_microcredits: low }: z.infer<typeof endpoint>): string {
  if (url === null) return NOWHERE;
  return `${url}  ${low > 0 ? `told when less than ${low} micro-credits are left` : "not told of a low balance"}`;
}

function line({ id, type, about, url, status, attempts, next_attempt_at }: z.infer<typeof delivery>): string {
  const next = next_attempt_at === null ? "" : `  next ${new Date(next_attempt_at * 1000).toISOString()}`;
  return [id, type, about, status, `sent ${attempts} times`, url].join("  ") + next;
}
