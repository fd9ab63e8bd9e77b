/** The Wasm module's exports, checked once, and the few loops around them. */

/** One instance: memory for one image at a time. */
export type Engine = ReturnType<typeof startEngine>;

/** A new instance of `vision/pixels.wasm`. */
export function startEngine(module: WebAssembly.Module) {
  const { exports } = new WebAssembly.Instance(module);
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error("The pixel module exports no memory.");
  const numeric = (name: string) => {
    const exported = exports[name];
    if (!isNumeric(exported)) throw new Error(`The pixel module does not export ${name}.`);
    return exported;
  };
  return {
    memory,
    allocate: numeric("allocate"),
    used: numeric("used"),
    isFull: numeric("isFull"),
    resetImage: numeric("resetImage"),
    beginImage: numeric("beginImage"),
    packedRow: numeric("packedRow"),
    pushRgb: numeric("pushRgb"),
    pushRgba: numeric("pushRgba"),
    gridPixels: numeric("gridPixels"),
    gridStride: numeric("gridStride"),
    basePixels: numeric("basePixels"),
    baseStride: numeric("baseStride"),
    beginInflate: numeric("beginInflate"),
    inflateMore: numeric("inflateMore"),
    inflatedStart: numeric("inflatedStart"),
    inflatedBytes: numeric("inflatedBytes"),
    beginExpand: numeric("beginExpand"),
    beginPng: numeric("beginPng"),
    stepPng: numeric("stepPng"),
    beginFrame: numeric("beginFrame"),
    setSampling: numeric("setSampling"),
    quantisationTable: numeric("quantisationTable"),
    layOutFrame: numeric("layOutFrame"),
    coefficientRowBytes: numeric("coefficientRowBytes"),
    allocateBand: numeric("allocateBand"),
    setColourModel: numeric("setColourModel"),
    huffmanSpecification: numeric("huffmanSpecification"),
    buildHuffman: numeric("buildHuffman"),
    entropyEnd: numeric("entropyEnd"),
    countRestarts: numeric("countRestarts"),
    allocateSegments: numeric("allocateSegments"),
    beginUnstuffing: numeric("beginUnstuffing"),
    unstuff: numeric("unstuff"),
    segmentsFound: numeric("segmentsFound"),
    setScanComponent: numeric("setScanComponent"),
    beginScan: numeric("beginScan"),
    beginOutput: numeric("beginOutput"),
    beginBand: numeric("beginBand"),
    stepSingleScan: numeric("stepSingleScan"),
    stepScan: numeric("stepScan"),
    stepBand: numeric("stepBand"),
    beginWebp: numeric("beginWebp"),
    stepWebp: numeric("stepWebp"),
  };
}

/** Wasm functions take and return numbers; nothing at run time says more about them. */
function isNumeric(exported: unknown): exported is (...values: number[]) => number {
  return typeof exported === "function";
}

/** Copies file bytes into the module and returns where they are. */
export function copyIn(engine: Engine, parts: readonly Uint8Array[]): { at: number; size: number } {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const at = engine.allocate(size);
  let next = at;
  for (const part of parts) {
    new Uint8Array(engine.memory.buffer, next, part.length).set(part);
    next += part.length;
  }
  return { at, size };
}

/** Inflates a zlib stream of at most `limit` bytes; undefined when it is damaged or longer. Forgets the image in work. */
export function inflate(engine: Engine, compressed: Uint8Array, limit: number): Uint8Array | undefined {
  engine.resetImage();
  const { at, size } = copyIn(engine, [compressed]);
  if (!engine.beginInflate(at, size)) return undefined;
  const out = new Uint8Array(limit);
  let total = 0;
  for (;;) {
    const result = engine.inflateMore();
    const bytes = engine.inflatedBytes();
    if (result < 0 || total + bytes > limit) return undefined;
    out.set(new Uint8Array(engine.memory.buffer, engine.inflatedStart(), bytes), total);
    total += bytes;
    if (result === 1) return out.subarray(0, total);
  }
}
