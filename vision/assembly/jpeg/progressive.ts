/**
 * Blocks of a progressive scan (ITU-T T.81, annex G.1.2). Each block has a bit set of its coefficients that are not zero,
 * in zigzag order: what refinements depend on. A block outside of the band has only that, and its address is 0.
 */
import { Component } from "./components";
import { bits, count, refill, take, takeSigned } from "./entropy";
import { takeSymbol } from "./huffman";
import { takeDifference } from "./sequential";
import { natural } from "./zigzag";

let endOfBandRun: i32 = 0;
let spectralStart: i32 = 0;
let spectralEnd: i32 = 0;
let successiveHigh: i32 = 0;
let successiveLow: i32 = 0;

export function setSpectrum(start: i32, end: i32, high: i32, low: i32): void {
  spectralStart = start;
  spectralEnd = end;
  successiveHigh = high;
  successiveLow = low;
}

export function resetEndOfBand(): void {
  endOfBandRun = 0;
}

/** Reads what this scan says about one block. */
export function readProgressive(one: Component, nonZero: usize, block: usize): void {
  if (spectralStart == 0) {
    if (successiveHigh == 0) {
      one.prediction += takeDifference(one.dcTable);
      if (block) store<i16>(block, <i16>(one.prediction << successiveLow));
    } else if (takeBit() && block) {
      store<i16>(block, load<i16>(block) | lowestBit());
    }
  } else if (successiveHigh == 0) {
    if (endOfBandRun > 0) endOfBandRun--;
    else firstPass(one, nonZero, block);
  } else {
    refine(one, nonZero, block);
  }
}

/** The bit that this scan adds, as a coefficient. */
@inline
function lowestBit(): i16 {
  const one: i32 = 1 << successiveLow;
  return <i16>one;
}

@inline
function takeBit(): i32 {
  if (count < 1) refill();
  return take(1);
}

@inline
function takeRun(exponent: i32): i32 {
  return (1 << exponent) + (exponent ? take(exponent) : 0);
}

/** The bit of a coefficient; a run may lead beyond the block, where it is the last one. */
@inline
function bitOf(index: i32): u64 {
  return <u64>1 << min(index, 63);
}

function firstPass(one: Component, nonZero: usize, block: usize): void {
  let known = load<u64>(nonZero);
  for (let index = spectralStart; index <= spectralEnd; index++) {
    if (count < 32) refill();
    const symbol = takeSymbol(one.acTable);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size) {
      index += run;
      const value = <i16>(takeSigned(size) << successiveLow);
      if (value != 0) known |= bitOf(index);
      if (block) store<i16>(block + (natural(index) << 1), value);
    } else if (run == 15) {
      index += 15;
    } else {
      endOfBandRun = takeRun(run) - 1;
      break;
    }
  }
  store<u64>(nonZero, known);
}

function refine(one: Component, nonZero: usize, block: usize): void {
  let known = load<u64>(nonZero);
  let index = spectralStart;
  if (endOfBandRun == 0) {
    for (; index <= spectralEnd; index++) {
      if (count < 32) refill();
      const symbol = takeSymbol(one.acTable);
      let run = symbol >> 4;
      let value: i16 = 0;
      if (symbol & 15) {
        value = take(1) ? lowestBit() : -lowestBit();
      } else if (run != 15) {
        endOfBandRun = takeRun(run);
        break;
      }
      // Over so many zeros; what is not zero on the way is corrected.
      for (; index <= spectralEnd; index++) {
        if ((known >> index) & 1) correct(block, index);
        else if (--run < 0) break;
      }
      if (value) {
        known |= bitOf(index);
        if (block) store<i16>(block + (natural(index) << 1), value);
      }
    }
    store<u64>(nonZero, known);
  }
  if (endOfBandRun > 0) {
    if (index <= spectralEnd) {
      let rest = (known >> index << index) & (<u64>-1 >> (63 - spectralEnd));
      for (; rest; rest &= rest - 1) correct(block, <i32>ctz(rest));
    }
    endOfBandRun--;
  }
}

/** One correction bit for a coefficient that is not zero. */
@inline
function correct(block: usize, index: i32): void {
  if (!takeBit() || !block) return;
  const at = block + (natural(index) << 1);
  const value = load<i16>(at);
  const bit = lowestBit();
  if ((value & bit) == 0) store<i16>(at, value >= 0 ? value + bit : value - bit);
}
