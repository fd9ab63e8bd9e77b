/** Images to begin with: drawn scenes, which the embedded model knows. */
import hearts from "../../models/tessera-tiny/examples/hearts.png";
import star from "../../models/tessera-tiny/examples/star.png";
import three from "../../models/tessera-tiny/examples/three.png";

export const SAMPLES = [
  { name: "star", file: "star.png", bytes: star },
  { name: "three", file: "three.png", bytes: three },
  { name: "hearts", file: "hearts.png", bytes: hearts },
] as const;
export type Sample = (typeof SAMPLES)[number];

export function findSample(name: string): Sample | undefined {
  return SAMPLES.find((sample) => sample.name === name);
}

export function sampleBlob({ bytes }: Sample): Blob {
  return new Blob([bytes], { type: "image/png" });
}
