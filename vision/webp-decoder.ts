/** libwebp's decoder (@jsquash/webp), an instance an image: its memory only ever grows. */
import createDecoder from "@jsquash/webp/codec/dec/webp_dec.js";
import type { StillDecoder } from "./formats/webp.ts";

export interface Libwebp {
  readonly decodeStill: StillDecoder;
  /** Size of the instance's Wasm heap. */
  readonly heapBytes: () => number;
}

/** For images of other formats. */
export const NO_LIBWEBP: Libwebp = { decodeStill: () => undefined, heapBytes: () => 0 };

interface LibwebpModule {
  decode(file: Uint8Array): { data: Uint8ClampedArray; width: number; height: number } | null;
}

export async function startWebp(module: WebAssembly.Module): Promise<Libwebp> {
  let memory: WebAssembly.Memory | undefined;
  const decoder: LibwebpModule = await createDecoder({
    noInitialRun: true,
    instantiateWasm: (imports: WebAssembly.Imports, finish: (instance: WebAssembly.Instance) => void) => {
      const instance = new WebAssembly.Instance(module, imports);
      memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
      finish(instance);
      return instance.exports;
    },
  });
  return {
    decodeStill: (file) => {
      try {
        return decoder.decode(file) ?? undefined;
      } catch {
        // A trap inside libwebp: the instance is not used again.
        return undefined;
      }
    },
    heapBytes: () => memory?.buffer.byteLength ?? 0,
  };
}
