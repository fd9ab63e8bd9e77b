/**
 * Scans to rows. An image of one scan is decoded and sent on at once, a row of MCUs at a time. Images of several
 * scans gather their coefficients first: those of a band of rows, for which the scans are read again.
 */
import { allocate } from "../arena";
import { emitRow } from "./colour";
import {
  clearBand,
  Component,
  component,
  componentCount,
  frameHeight,
  maxV,
  mcusAcross,
  mcusDown,
  sampleRow,
} from "./components";
import { nextSegment, overrun, useSegments } from "./entropy";
import { huffmanTable } from "./huffman";
import { inverseTransform } from "./inverse-dct";
import { readProgressive, resetEndOfBand, setSpectrum } from "./progressive";
import { readBlock } from "./sequential";
import { needsRowBelow } from "./upsample";

/** What a step found. */
export const MORE: i32 = 0;
export const FINISHED: i32 = 1;
export const TRUNCATED: i32 = -1;

let progressive: bool = false;
let scanComponents: i32 = 0;
const SCAN_ORDER = memory.data(4 * 4, 4);
let restartInterval: i32 = 0;
let untilRestart: i32 = 0;
/** The scan's next row: of MCUs, or of blocks when it has one component. */
let scanRow: i32 = 0;
let scratch: usize = 0;

let bandStart: i32 = 0;
let bandEnd: i32 = 0;

/** Next row of MCUs to be turned into samples, and next row of the image to be sent on. */
let outputMcu: i32 = 0;
let outputRow: i32 = 0;
let rowBelow: bool = false;

/** After the frame's components are laid out. */
export function beginOutput(isProgressive: bool): void {
  progressive = isProgressive;
  scratch = allocate(128);
  outputMcu = 0;
  outputRow = 0;
  rowBelow = needsRowBelow();
}

/** The rows of MCUs whose coefficients the next scans gather. */
export function beginBand(start: i32, end: i32): void {
  bandStart = start;
  bandEnd = end;
  clearBand(end - start);
}

export function setScanComponent(place: i32, index: i32, dcSlot: i32, acSlot: i32): void {
  store<i32>(SCAN_ORDER + (<usize>place << 2), index);
  component(index).dcTable = huffmanTable(dcSlot);
  component(index).acTable = huffmanTable(4 + acSlot);
}

export function beginScan(
  components: i32,
  spectralStart: i32,
  spectralEnd: i32,
  successiveHigh: i32,
  successiveLow: i32,
  interval: i32,
  segments: usize,
  segmentCount: i32,
): void {
  scanComponents = components;
  setSpectrum(spectralStart, spectralEnd, successiveHigh, successiveLow);
  restartInterval = interval;
  useSegments(segments, segmentCount);
  scanRow = 0;
  restart();
}

@inline
function scanComponent(place: i32): Component {
  return component(load<i32>(SCAN_ORDER + (<usize>place << 2)));
}

/** False when the scan has no more data. */
function restart(): bool {
  untilRestart = restartInterval;
  resetEndOfBand();
  for (let place = 0; place < scanComponents; place++) scanComponent(place).prediction = 0;
  return nextSegment();
}

/** Before each MCU. */
@inline
function mayRestart(): bool {
  if (restartInterval == 0) return true;
  if (untilRestart == 0 && (overrun() || !restart())) return false;
  untilRestart--;
  return true;
}

/** One row of the only scan, to samples and on. */
export function stepSingleScan(): i32 {
  const rows = scanComponents == 1 ? singleComponentRow() : interleavedRow();
  if (!rows) return TRUNCATED;
  return finishRow();
}

function interleavedRow(): bool {
  for (let x = 0; x < mcusAcross; x++) {
    if (!mayRestart()) return false;
    for (let place = 0; place < scanComponents; place++) {
      const one = scanComponent(place);
      for (let v = 0; v < one.v; v++) {
        let out = sampleRow(one, (outputMcu * one.v + v) << 3) + ((<usize>x * <usize>one.h) << 3);
        for (let h = 0; h < one.h; h++, out += 8) transformNext(one, out);
      }
    }
    if (overrun()) return false;
  }
  return true;
}

function singleComponentRow(): bool {
  const one = scanComponent(0);
  let out = sampleRow(one, outputMcu << 3);
  for (let x = 0; x < one.blocksAcross; x++, out += 8) {
    if (!mayRestart()) return false;
    transformNext(one, out);
    if (overrun()) return false;
  }
  return true;
}

@inline
function transformNext(one: Component, out: usize): void {
  const block = scratch;
  const zero = i32x4.splat(0);
  v128.store(block, zero);
  v128.store(block, zero, 16);
  v128.store(block, zero, 32);
  v128.store(block, zero, 48);
  v128.store(block, zero, 64);
  v128.store(block, zero, 80);
  v128.store(block, zero, 96);
  v128.store(block, zero, 112);
  const last = readBlock(one, block);
  inverseTransform(block, one.quantisation, out, one.stride, last);
}

/** One row of a scan whose coefficients are gathered. */
export function stepScan(): i32 {
  if (scanComponents == 1) {
    const one = scanComponent(0);
    for (let x = 0; x < one.blocksAcross; x++) {
      if (!mayRestart()) return TRUNCATED;
      gatherBlock(one, scanRow, x);
      if (overrun()) return TRUNCATED;
    }
    return ++scanRow == one.blocksDown ? FINISHED : MORE;
  }
  for (let x = 0; x < mcusAcross; x++) {
    if (!mayRestart()) return TRUNCATED;
    for (let place = 0; place < scanComponents; place++) {
      const one = scanComponent(place);
      for (let v = 0; v < one.v; v++) {
        for (let h = 0; h < one.h; h++) gatherBlock(one, scanRow * one.v + v, x * one.h + h);
      }
    }
    if (overrun()) return TRUNCATED;
  }
  return ++scanRow == mcusDown ? FINISHED : MORE;
}

@inline
function gatherBlock(one: Component, y: i32, x: i32): void {
  const first = bandStart * one.v;
  let block: usize = 0;
  if (y >= first && y < bandEnd * one.v) {
    block = one.coefficients + (<usize>((y - first) * one.columns + x) << 7);
  }
  if (progressive) readProgressive(one, one.nonZero + (<usize>(y * one.columns + x) << 3), block);
  else readBlock(one, block ? block : scratch);
}

/** One row of MCUs of the band, from coefficients to samples and on. FINISHED at the band's end. */
export function stepBand(): i32 {
  for (let index = 0; index < componentCount; index++) {
    const one = component(index);
    for (let v = 0; v < one.v; v++) {
      const y = outputMcu * one.v + v;
      let block = one.coefficients + (<usize>((y - bandStart * one.v) * one.columns) << 7);
      let out = sampleRow(one, y << 3);
      for (let x = 0; x < one.columns; x++, out += 8, block += 128) {
        inverseTransform(block, one.quantisation, out, one.stride, lastCoefficient(block));
      }
    }
  }
  const result = finishRow();
  return outputMcu == bandEnd ? FINISHED : result;
}

/** An upper bound of the last zigzag position that is not zero: 0, 9 or 63. */
@inline
function lastCoefficient(block: usize): i32 {
  const row0 = v128.load(block);
  const row1 = v128.load(block, 16);
  const row2 = v128.load(block, 32);
  const row3 = v128.load(block, 48);
  const upper = v128.or(v128.or(row1, row2), row3);
  const lower = v128.or(
    v128.or(v128.load(block, 64), v128.load(block, 80)),
    v128.or(v128.load(block, 96), v128.load(block, 112)),
  );
  const right = v128.and(v128.or(row0, upper), i16x8(0, 0, 0, 0, -1, -1, -1, -1));
  if (v128.any_true(v128.or(lower, right))) return 63;
  const beside = v128.and(row0, i16x8(0, -1, -1, -1, -1, -1, -1, -1));
  return v128.any_true(v128.or(beside, upper)) ? 9 : 0;
}

/** Sends on the rows that are complete; a filter across rows holds the last one back. */
function finishRow(): i32 {
  outputMcu++;
  const complete =
    outputMcu == mcusDown ? frameHeight : min((outputMcu * maxV << 3) - (rowBelow ? 1 : 0), frameHeight);
  for (; outputRow < complete; outputRow++) emitRow(outputRow);
  return outputMcu == mcusDown ? FINISHED : MORE;
}
