import { join } from "node:path";
import { expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { z } from "zod";

const CONFIG = join(import.meta.dirname, "../wrangler.toml");

const configuration = z.looseObject({
  name: z.string(),
  vars: z.record(z.string(), z.unknown()),
  kv_namespaces: z.array(z.looseObject({ binding: z.string(), id: z.string() })),
  r2_buckets: z.array(z.looseObject({ binding: z.string(), bucket_name: z.string() })),
  d1_databases: z.array(z.looseObject({ binding: z.string(), database_name: z.string() })),
  services: z.array(z.looseObject({ binding: z.string(), service: z.string() })),
  queues: z.looseObject({
    producers: z.array(z.looseObject({ binding: z.string(), queue: z.string() })),
    consumers: z.array(z.looseObject({ queue: z.string() })),
  }),
  durable_objects: z.looseObject({ bindings: z.array(z.unknown()) }),
  migrations: z.array(z.unknown()),
  rules: z.array(z.unknown()),
});

const read = (env?: string) =>
  configuration.parse(unstable_readConfig({ config: CONFIG, ...(env && { env }) }, { hideWarnings: true }));

/** What a deployment is bound to: the binding's name, and the resource behind it. */
function resources(env?: string): Map<string, string> {
  const { name, kv_namespaces, r2_buckets, d1_databases, services, queues } = read(env);
  return new Map([
    ["name", name],
    ...kv_namespaces.map(({ binding, id }) => [binding, id] as const),
    ...r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name] as const),
    ...d1_databases.map(({ binding, database_name }) => [binding, database_name] as const),
    ...services.map(({ binding, service }) => [binding, service] as const),
    ...queues.producers.map(({ binding, queue }) => [binding, queue] as const),
    ...queues.consumers.map(({ queue }) => ["consumer", queue] as const),
  ]);
}

/** What must be the same everywhere. */
function shared(env?: string) {
  const { vars, durable_objects, rules, migrations } = read(env);
  return { vars: Object.keys(vars).sort(), objects: durable_objects.bindings, rules, migrations };
}

it("gives staging every binding of the deployment, and none of its resources", () => {
  const [first, staging] = [resources(), resources("staging")];
  expect([...staging.keys()].sort()).toEqual([...first.keys()].sort());
  for (const [binding, resource] of first) expect(staging.get(binding), binding).toBe(`${resource}-staging`);
  expect(shared("staging")).toEqual(shared());
});
