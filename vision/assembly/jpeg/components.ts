/** What a frame's components are and where their samples lie. */
import { allocate, allocateZeroed } from "../arena";

@unmanaged
export class Component {
  /** Sampling factors. */
  h: i32;
  v: i32;
  /** Size in samples, without padding to blocks. */
  width: i32;
  height: i32;
  /** Blocks of a scan that has only this component. */
  blocksAcross: i32;
  blocksDown: i32;
  /** Blocks in a row of whole MCUs. */
  columns: i32;
  /** Last DC value. */
  prediction: i32;
  dcTable: usize;
  acTable: usize;
  /** 64 i16 in natural order. */
  quantisation: usize;
  /** Ring of sample rows: two rows of MCUs. */
  samples: usize;
  stride: usize;
  ringRows: i32;
  /** A row at the image's full width. */
  full: usize;
  /** Coefficients of the band's blocks, 64 i16 each in natural order; 0 when none are kept. */
  coefficients: usize;
  /** For each block of the frame a bit set of its non-zero coefficients in zigzag order. */
  nonZero: usize;
}

const COMPONENTS = memory.data(4 * 96, 16);

@inline
export function component(index: i32): Component {
  return changetype<Component>(COMPONENTS + <usize>index * 96);
}

export let frameWidth: i32 = 0;
export let frameHeight: i32 = 0;
export let componentCount: i32 = 0;
export let maxH: i32 = 1;
export let maxV: i32 = 1;
export let mcusAcross: i32 = 0;
export let mcusDown: i32 = 0;

export function beginFrame(width: i32, height: i32, count: i32): void {
  frameWidth = width;
  frameHeight = height;
  componentCount = count;
  memory.fill(COMPONENTS, 0, 4 * 96);
}

export function setSampling(index: i32, h: i32, v: i32): void {
  component(index).h = h;
  component(index).v = v;
}

/** Returns where the caller writes the component's 64 quantisation steps as i16 in natural order. */
export function quantisationTable(index: i32): usize {
  const one = component(index);
  one.quantisation = allocate(128);
  return one.quantisation;
}

/** Sizes that follow from the sampling factors, and the sample rows. */
export function layOutFrame(): void {
  maxH = 1;
  maxV = 1;
  for (let index = 0; index < componentCount; index++) {
    maxH = max(maxH, component(index).h);
    maxV = max(maxV, component(index).v);
  }
  mcusAcross = (frameWidth + 8 * maxH - 1) / (8 * maxH);
  mcusDown = (frameHeight + 8 * maxV - 1) / (8 * maxV);
  for (let index = 0; index < componentCount; index++) {
    const one = component(index);
    one.width = (frameWidth * one.h + maxH - 1) / maxH;
    one.height = (frameHeight * one.v + maxV - 1) / maxV;
    one.blocksAcross = (one.width + 7) >> 3;
    one.blocksDown = (one.height + 7) >> 3;
    one.columns = mcusAcross * one.h;
    one.stride = ((<usize>one.columns << 3) + 15 + 16) & ~15;
    one.ringRows = 16 * one.v;
    one.samples = allocate(one.stride * <usize>one.ringRows);
    one.full = allocateZeroed(<usize>frameWidth + 128);
  }
}

/** Bytes of coefficients in one row of MCUs, of all components. */
export function coefficientRowBytes(): f64 {
  let blocks = 0.0;
  for (let index = 0; index < componentCount; index++) {
    blocks += <f64>component(index).columns * <f64>component(index).v;
  }
  return blocks * 128.0;
}

/** Room for the coefficients of a band of so many rows of MCUs, and for the bit sets of the whole frame. */
export function allocateBand(rows: i32): void {
  for (let index = 0; index < componentCount; index++) {
    const one = component(index);
    one.coefficients = allocate((<usize>one.columns * <usize>(rows * one.v)) << 7);
    one.nonZero = allocate((<usize>one.columns * <usize>(mcusDown * one.v)) << 3);
  }
}

export function clearBand(rows: i32): void {
  for (let index = 0; index < componentCount; index++) {
    const one = component(index);
    memory.fill(one.coefficients, 0, (<usize>one.columns * <usize>(rows * one.v)) << 7);
    memory.fill(one.nonZero, 0, (<usize>one.columns * <usize>(mcusDown * one.v)) << 3);
  }
}

/** Address of a row of samples; y counts from the image's top. */
@inline
export function sampleRow(one: Component, y: i32): usize {
  return one.samples + <usize>(y % one.ringRows) * one.stride;
}
