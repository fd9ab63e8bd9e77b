/** Every operation that takes an account's key, as the specification lists them, so that none can be forgotten. */
import { z } from "zod";
import { sharedProduct } from "./shared.ts";

export interface KeyedOperation {
  readonly method: string;
  /** With something that does not exist in the place of each parameter. */
  readonly path: string;
}

const specification = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ security: z.array(z.record(z.string(), z.array(z.string()))).optional() }),
    ),
  ),
});

const PARAMETERS: Readonly<Record<string, string>> = { digest: `sha256:${"0".repeat(64)}` };

export async function keyedOperations(): Promise<readonly KeyedOperation[]> {
  const response = await fetch(new URL("/openapi.json", sharedProduct().url));
  const { paths } = specification.parse(await response.json());
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security = [] }]) => security.some((each) => "apiKey" in each))
      .map(([method]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? "unknown"),
      })),
  );
}
