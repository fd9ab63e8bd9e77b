import type { ImageProbe } from "../../core/vision.ts";

/** What every format's header reader says, beside what its own decoder needs. */
export interface Header extends Pick<ImageProbe, "width" | "height" | "frames" | "hasAlpha"> {
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number;
}
