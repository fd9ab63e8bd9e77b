/** @jsquash's codecs in Node: decoding alone, since nothing of theirs resizes as Pillow does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { installNode } from "./tools.ts";

const CODECS = {
  jpeg: { version: "1.6.0", wasm: "codec/dec/mozjpeg_dec.wasm" },
  png: { version: "3.1.1", wasm: "codec/pkg/squoosh_png_bg.wasm" },
  webp: { version: "1.5.0", wasm: "codec/dec/webp_dec.wasm" },
} as const;
export type Codec = keyof typeof CODECS;

type AnyFunction = (argument: unknown) => Promise<unknown>;
const callable = z.custom<AnyFunction>((value) => typeof value === "function");
const decoder = z.object({ init: callable, default: callable });

/** Node has no ImageData; the codecs make one of what they have decoded. */
class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/** Decodes a file and returns the milliseconds. */
export type Decode = (bytes: Uint8Array<ArrayBuffer>) => Promise<number>;

/** One of the codecs, or undefined when it can't be installed. */
export async function loadJsquash(
  codec: Codec,
  report: (line: string) => void,
): Promise<{ version: string; decode: Decode } | undefined> {
  const { version, wasm } = CODECS[codec];
  try {
    const folder = join(installNode(`@jsquash/${codec}`, version, report), "node_modules/@jsquash", codec);
    Object.assign(globalThis, { ImageData: Pixels });
    const module = decoder.parse(await import(pathToFileURL(join(folder, "decode.js")).href));
    await module.init(new WebAssembly.Module(readFileSync(join(folder, wasm))));
    return {
      version: `@jsquash/${codec} ${version}, decoding alone`,
      async decode(bytes) {
        const started = performance.now();
        await module.default(bytes.buffer);
        return performance.now() - started;
      },
    };
  } catch (error) {
    report(`@jsquash/${codec}: ${String(error)}`);
    return undefined;
  }
}
