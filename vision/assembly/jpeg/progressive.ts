/** Blocks of a progressive scan (ITU-T T.81, annex G.1.2). */
import { Component } from "./components";
import { bits, count, refill, skip, take, takeSigned } from "./entropy";
import { takeSymbol } from "./huffman";
import { takeDifference } from "./sequential";
import { natural } from "./zigzag";

let endOfBandRun: i32 = 0;
export let spectralStart: i32 = 0;
export let spectralEnd: i32 = 0;
export let successiveHigh: i32 = 0;
export let successiveLow: i32 = 0;

export function setSpectrum(start: i32, end: i32, high: i32, low: i32): void {
  spectralStart = start;
  spectralEnd = end;
  successiveHigh = high;
  successiveLow = low;
}

export function resetEndOfBand(): void {
  endOfBandRun = 0;
}

/** Reads what this scan says about one block into its coefficients. */
export function readProgressive(one: Component, block: usize): void {
  if (spectralStart == 0) {
    if (successiveHigh == 0) {
      one.prediction += takeDifference(one.dcTable);
      store<i16>(block, <i16>(one.prediction << successiveLow));
    } else if (takeBit()) {
      store<i16>(block, load<i16>(block) | lowestBit());
    }
  } else if (successiveHigh == 0) {
    firstPass(one, block);
  } else {
    refine(one, block);
  }
}

/** The same for a block outside of the band: only which coefficients are not zero, in `history`, is kept. */
export function passOver(one: Component, history: usize): void {
  if (spectralStart == 0) {
    if (successiveHigh == 0) one.prediction += takeDifference(one.dcTable);
    else takeBit();
  } else if (successiveHigh == 0) {
    firstPassOver(one, history);
  } else {
    refineOver(one, history);
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

function firstPass(one: Component, block: usize): void {
  if (endOfBandRun > 0) {
    endOfBandRun--;
    return;
  }
  for (let index = spectralStart; index <= spectralEnd; index++) {
    if (count < 32) refill();
    const symbol = takeSymbol(one.acTable);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size) {
      index += run;
      store<i16>(block + (natural(index) << 1), <i16>(takeSigned(size) << successiveLow));
    } else if (run == 15) {
      index += 15;
    } else {
      endOfBandRun = takeRun(run) - 1;
      break;
    }
  }
}

function firstPassOver(one: Component, history: usize): void {
  if (endOfBandRun > 0) {
    endOfBandRun--;
    return;
  }
  let known = load<u64>(history);
  for (let index = spectralStart; index <= spectralEnd; index++) {
    if (count < 32) refill();
    const symbol = takeSymbol(one.acTable);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size) {
      index += run;
      skip(size);
      known |= <u64>1 << min(index, 63);
    } else if (run == 15) {
      index += 15;
    } else {
      endOfBandRun = takeRun(run) - 1;
      break;
    }
  }
  store<u64>(history, known);
}

function refine(one: Component, block: usize): void {
  const positive = lowestBit();
  const negative = -positive;
  let index = spectralStart;
  if (endOfBandRun == 0) {
    for (; index <= spectralEnd; index++) {
      if (count < 32) refill();
      const symbol = takeSymbol(one.acTable);
      let run = symbol >> 4;
      let value: i16 = 0;
      if (symbol & 15) {
        value = take(1) ? positive : negative;
      } else if (run != 15) {
        endOfBandRun = takeRun(run);
        break;
      }
      for (; index <= spectralEnd; index++) {
        const at = block + (natural(index) << 1);
        if (load<i16>(at) != 0) correct(at, positive, negative);
        else if (--run < 0) break;
      }
      if (value) store<i16>(block + (natural(index) << 1), value);
    }
  }
  if (endOfBandRun > 0) {
    for (; index <= spectralEnd; index++) {
      const at = block + (natural(index) << 1);
      if (load<i16>(at) != 0) correct(at, positive, negative);
    }
    endOfBandRun--;
  }
}

/** One correction bit for a coefficient that is not zero. */
@inline
function correct(at: usize, positive: i16, negative: i16): void {
  if (!takeBit()) return;
  const value = load<i16>(at);
  if ((value & positive) == 0) store<i16>(at, value + (value >= 0 ? positive : negative));
}

function refineOver(one: Component, history: usize): void {
  let known = load<u64>(history);
  let index = spectralStart;
  if (endOfBandRun == 0) {
    for (; index <= spectralEnd; index++) {
      if (count < 32) refill();
      const symbol = takeSymbol(one.acTable);
      let run = symbol >> 4;
      const fresh = (symbol & 15) != 0;
      if (fresh) {
        skip(1);
      } else if (run != 15) {
        endOfBandRun = takeRun(run);
        break;
      }
      for (; index <= spectralEnd; index++) {
        if ((known >> index) & 1) takeBit();
        else if (--run < 0) break;
      }
      if (fresh) known |= <u64>1 << min(index, 63);
    }
  }
  if (endOfBandRun > 0) {
    if (index <= spectralEnd) {
      const band = (known >> index) & (<u64>-1 >> (63 - (spectralEnd - index)));
      for (let left = <i32>popcnt(band); left > 0; left--) takeBit();
    }
    endOfBandRun--;
  }
  store<u64>(history, known);
}
