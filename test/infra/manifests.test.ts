/**
 * The Kubernetes manifests: every overlay rendered, checked against the real schemas, and against what the worker
 * reads.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { readConfiguration } from "../../gpu-worker/configuration.ts";
import { checkKeda, run } from "./tools.ts";

const OVERLAYS = join(import.meta.dirname, "../../infra/k8s/overlays");
const scratch = mkdtempSync(join(tmpdir(), "tessera-manifests-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const resource = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
type Resource = z.infer<typeof resource>;

const container = z.looseObject({
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  securityContext: z.looseObject({
    readOnlyRootFilesystem: z.boolean(),
    allowPrivilegeEscalation: z.boolean(),
  }),
});
const workers = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.int(),
        securityContext: z.looseObject({ runAsNonRoot: z.boolean() }),
        containers: z.tuple([container]),
      }),
    }),
  }),
});
const scaled = z.looseObject({
  spec: z.looseObject({ maxReplicaCount: z.int(), scaleTargetRef: z.looseObject({ name: z.string() }) }),
});
const ingress = z.looseObject({
  spec: z.looseObject({
    rules: z.array(
      z.looseObject({
        http: z.looseObject({
          paths: z.array(
            z.looseObject({ backend: z.looseObject({ service: z.looseObject({ name: z.string() }) }) }),
          ),
        }),
      }),
    ),
  }),
});

const render = (overlay: string) =>
  z
    .array(resource)
    .parse(
      parseAllDocuments(run("kubectl", "kustomize", join(OVERLAYS, overlay))).map((document) =>
        document.toJS(),
      ),
    );

const isKeda = ({ apiVersion }: Resource) => apiVersion.startsWith("keda.sh/");

/** Throws unless every resource follows its kind's schema, with no field besides. */
function check(resources: readonly Resource[]): void {
  const file = join(scratch, "resources.yaml");
  const builtIn = resources.filter((each) => !isKeda(each));
  writeFileSync(file, builtIn.map((each) => JSON.stringify(each)).join("\n---\n"));
  const report = run("kubernetes-validate", "--strict", file);
  expect(report.match(/ passed for resource /g), report).toHaveLength(builtIn.length);
  checkKeda(resources.filter(isKeda));
}

describe.each(readdirSync(OVERLAYS))("the overlay %s", (overlay) => {
  const resources = render(overlay);
  const only = (kind: string): Resource => {
    const [found, ...others] = resources.filter((each) => each.kind === kind);
    if (!found || others.length > 0) throw new Error(`There is not one ${kind}.`);
    return found;
  };

  it("follows the schemas of Kubernetes and KEDA", () => {
    check(resources);
  });

  it("configures the worker as the worker reads it, and lets it drain to the end", () => {
    const { terminationGracePeriodSeconds, securityContext, containers } = workers.parse(only("StatefulSet"))
      .spec.template.spec;
    const [{ env, securityContext: own }] = containers;
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value ?? standIn(name)]));
    const configuration = readConfiguration(variables);
    if (!configuration.ok) throw new Error(configuration.error);
    expect(configuration.value.drainMs / 1000).toBeLessThan(terminationGracePeriodSeconds - 10);
    expect(securityContext.runAsNonRoot).toBe(true);
    expect(own).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });

  it("gives every worker that may be started an address of its own", () => {
    const { metadata } = workers.parse(only("StatefulSet"));
    const { maxReplicaCount, scaleTargetRef } = scaled.parse(only("ScaledObject")).spec;
    expect(scaleTargetRef.name).toBe(metadata.name);
    const pods = Array.from({ length: maxReplicaCount }, (_, index) => `${metadata.name}-${index}`);
    const services = resources.filter(({ kind }) => kind === "Service").map((each) => each.metadata.name);
    expect(services).toEqual(expect.arrayContaining(pods));
    const reached = ingress
      .parse(only("Ingress"))
      .spec.rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service.name));
    expect(reached.sort()).toEqual(pods);
  });
});

/** What comes from a secret, a map or the pod itself. */
function standIn(name: string): string {
  return name.endsWith("_URL") ? "https://edge.example.com" : "a value from elsewhere";
}

describe("the check of manifests", () => {
  const [overlay = ""] = readdirSync(OVERLAYS);
  it.each(["StatefulSet", "ScaledObject"])("finds a field that %s does not have", (kind) => {
    const resources = render(overlay).map((each) =>
      each.kind === kind ? { ...each, spec: { ...z.looseObject({}).parse(each.spec), replicaz: 3 } } : each,
    );
    expect(() => check(resources)).toThrow(/replicaz/);
  });
});
