import type { Env } from "../env.ts";
import { doorbell } from "./doorbell.ts";

/** Answers the doorbell: wakes each job's object, which waits for a worker in this queue's stead. */
export async function consumeDoorbells(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      const bell = doorbell.safeParse(message.body);
      if (bell.success) await env.JOB_RUN.get(env.JOB_RUN.idFromName(bell.data.job)).start(bell.data);
      message.ack();
    }),
  );
}
