/** Starts the product before the product tests, and stops it after them without a trace. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { selfSigned } from "./certificate.ts";
import { servePictures } from "./picture-server.ts";
import { allGone, Product, temporaryHome } from "./product.ts";
import { SCALER_TOKEN } from "./shared.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { home, remove } = temporaryHome();
  const certificate = selfSigned();
  const authority = join(home, "authority.pem");
  writeFileSync(authority, certificate.certificate);
  const pictures = await servePictures(certificate);
  const product = await Product.start(home, {
    NODE_EXTRA_CA_CERTS: authority,
    TESSERA_IMAGE_ORIGINS: pictures.origin,
    TESSERA_SCALER_TOKEN: SCALER_TOKEN,
  });
  project.provide("product", product.address);
  project.provide("home", home);
  project.provide("pictures", pictures.origin);

  return async () => {
    const processes = product.processes();
    const { code, output } = await product.stop();
    await pictures.close();
    await allGone(processes);
    if (code !== 0) throw new Error(`The product stopped with code ${code}:\n${output}`);
    remove();
  };
}
