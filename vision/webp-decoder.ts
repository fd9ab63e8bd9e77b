/** libwebp's decoder (@jsquash/webp), an instance a picture: its memory only ever grows. */
import createDecoder from "@jsquash/webp/codec/dec/webp_dec.js";
import type { StillDecoder } from "./formats/webp.ts";

interface LibwebpDecoder {
  decode(file: Uint8Array): { data: Uint8ClampedArray; width: number; height: number } | null;
}

export async function startWebp(module: WebAssembly.Module): Promise<StillDecoder> {
  const decoder: LibwebpDecoder = await createDecoder({
    noInitialRun: true,
    instantiateWasm: (imports: WebAssembly.Imports, finish: (instance: WebAssembly.Instance) => void) => {
      const instance = new WebAssembly.Instance(module, imports);
      finish(instance);
      return instance.exports;
    },
  });
  return (file) => {
    try {
      return decoder.decode(file) ?? undefined;
    } catch {
      return undefined;
    }
  };
}
