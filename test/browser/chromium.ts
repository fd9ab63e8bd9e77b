/** The browser of this machine. A missing one is a failure: nothing here may pass without having looked. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

export function launchChromium(): Promise<Browser> {
  // Chromium's own sandbox refuses to work for root.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({ executablePath: findChromium(), chromiumSandbox });
}

function findChromium(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const named = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [process.env.CHROMIUM ?? "", ...named, MAC].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    "There is no Chromium. Install one (on Debian and Ubuntu: apt-get install chromium), or name one in CHROMIUM.",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return file !== "";
  } catch {
    return false;
  }
}
