/** What the driver calls (vision/engine.ts). */
export { allocate, isFull, used } from "./arena";
export { setColourModel } from "./jpeg/colour";
export {
  allocateBand,
  beginFrame,
  coefficientRowBytes,
  layOutFrame,
  quantisationTable,
  setSampling,
} from "./jpeg/components";
export {
  beginBand,
  beginOutput,
  beginScan,
  setScanComponent,
  stepBand,
  stepScan,
  stepSingleScan,
} from "./jpeg/decoder";
export { allocateSegments, beginUnstuffing, countRestarts, entropyEnd, segmentsFound, unstuff } from "./jpeg/entropy";
export { buildHuffman, huffmanSpecification } from "./jpeg/huffman";
export {
  basePixels,
  baseStride,
  beginImage,
  gridPixels,
  gridStride,
  packedRow,
  pushRgb,
  pushRgba,
  resetImage,
} from "./image";
export { beginPng, stepPng } from "./png/decoder";
export { beginExpand } from "./png/expand";
export { beginInflate, inflatedBytes, inflatedStart, inflateMore } from "./png/inflate";
export { beginWebp, stepWebp } from "./webp/decoder";
