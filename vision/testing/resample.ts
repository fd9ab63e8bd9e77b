/**
 * The bicubic resize in plain TypeScript: slow, simple, and the oracle that the Wasm module is checked against.
 * Columns first with an 8-bit image in between, then rows; double arithmetic for the weights, 22-bit fixed point for
 * the sums (docs/images.md, "Resampling").
 */

const PRECISION = 22;

interface Span {
  readonly start: number;
  readonly weights: Int32Array;
}

function cubic(distance: number): number {
  const t = Math.abs(distance);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * -0.5;
  return 0;
}

function spans(input: number, outputs: number): Span[] {
  const scale = input / outputs;
  const reduction = Math.max(scale, 1);
  const support = 2 * reduction;
  return Array.from({ length: outputs }, (_, output) => {
    const center = (output + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), input);
    const weights = Array.from({ length: end - start }, (_unused, tap) =>
      cubic((tap + start - center + 0.5) * (1 / reduction)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return {
      start,
      weights: Int32Array.from(weights, (weight) => {
        const fixed = (sum === 0 ? weight : weight / sum) * 2 ** PRECISION;
        return Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
      }),
    };
  });
}

/** Resizes 8-bit RGB, row-major. Sizes in pixels. */
export function resample(
  rgb: Uint8Array,
  width: number,
  height: number,
  outWidth: number,
  outHeight: number,
): Uint8Array {
  const columns = pass(rgb, spans(width, outWidth), {
    lines: height,
    lineStep: width * 3,
    tapStep: 3,
    outLineStep: outWidth * 3,
    outStep: 3,
  });
  return pass(columns, spans(height, outHeight), {
    lines: outWidth,
    lineStep: 3,
    tapStep: outWidth * 3,
    outLineStep: 3,
    outStep: outWidth * 3,
  });
}

interface Strides {
  readonly lines: number;
  readonly lineStep: number;
  readonly tapStep: number;
  readonly outLineStep: number;
  readonly outStep: number;
}

function pass(from: Uint8Array, outputs: readonly Span[], strides: Strides): Uint8Array {
  const out = new Uint8ClampedArray(strides.lines * outputs.length * 3);
  for (let line = 0; line < strides.lines; line++) {
    outputs.forEach(({ start, weights }, output) => {
      const first = line * strides.lineStep + start * strides.tapStep;
      const target = line * strides.outLineStep + output * strides.outStep;
      for (let colour = 0; colour < 3; colour++) {
        let sum = 1 << (PRECISION - 1);
        for (let tap = 0; tap < weights.length; tap++) {
          sum = (sum + (from[first + tap * strides.tapStep + colour] ?? 0) * (weights[tap] ?? 0)) | 0;
        }
        out[target + colour] = sum >> PRECISION;
      }
    });
  }
  return new Uint8Array(out.buffer);
}
