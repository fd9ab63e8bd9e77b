/**
 * The image as the model gets it: on its canvas of tiles, padding included, with the base view beside it. Everything is
 * drawn in the canvas's own pixels, where `core/anyres.ts` puts them.
 */
import { planTiles, type TilePlan } from "../../core/anyres.ts";
import type { Geometry } from "../../core/models.ts";
import { useTexts } from "../shared/language.ts";
import type { ChosenImage } from "./image.ts";

interface StageProps {
  readonly image: ChosenImage;
  /** [width, height] in pixels, if anybody could tell. */
  readonly size: readonly [number, number] | null;
  readonly geometry: Geometry;
  readonly low: boolean;
  /** Whether the server can't read it either. */
  readonly refused: boolean;
}

export function Stage({ image, size, geometry, low, refused }: StageProps) {
  const { image: texts } = useTexts();
  if (size === null) return <span class="invitation">{refused ? image.name : texts.invisible}</span>;
  const plan = planTiles(size[0], size[1], geometry);
  return (
    <span class="stage">
      {low ? (
        <img class="alone" src={image.shown} alt={texts.lowStage} />
      ) : (
        <Canvas image={image} plan={plan} tile={geometry.tile} />
      )}
      <span class="facts">
        <img class="base" src={image.shown} alt="" width={geometry.tile} height={geometry.tile} />
        <span>
          <strong>{texts.base}</strong> {geometry.tile}×{geometry.tile}
          <br />
          <span class="hint">{texts.baseHint}</span>
          {!low && (
            <>
              <br />
              <Fit size={size} plan={plan} />
            </>
          )}
        </span>
      </span>
    </span>
  );
}

interface CanvasProps {
  readonly image: ChosenImage;
  readonly plan: TilePlan;
  /** Side of a tile in pixels. */
  readonly tile: number;
}

function Canvas({ image, plan, tile }: CanvasProps) {
  const { image: texts } = useTexts();
  const [width, height] = plan.grid;
  const [left, top] = plan.pad;
  const columns = width / tile;
  const rows = height / tile;
  const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;
  return (
    <span class="canvas" style={{ aspectRatio: `${width} / ${height}`, "--ratio": width / height }}>
      <img
        src={image.shown}
        alt={texts.stage(columns, rows)}
        style={{
          left: percent(left, width),
          top: percent(top, height),
          width: percent(plan.resized[0], width),
          height: percent(plan.resized[1], height),
        }}
      />
      <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" key={`${image.shown}${width}x${height}`}>
        {Array.from({ length: columns * rows }, (_, index) => {
          const x = (index % columns) * tile;
          const y = Math.floor(index / columns) * tile;
          return (
            <g key={index} class="tile" style={{ "--order": index }}>
              <rect x={x} y={y} width={tile} height={tile} />
              <circle cx={x + 28} cy={y + 28} r="17" />
              <text x={x + 28} y={y + 35}>
                {index + 1}
              </text>
            </g>
          );
        })}
      </svg>
    </span>
  );
}

function Fit({ size, plan }: { readonly size: readonly [number, number]; readonly plan: TilePlan }) {
  const { image: texts } = useTexts();
  const [left, top, right, bottom] = plan.pad;
  const border =
    left + right > 0
      ? texts.bordersBeside(left, right)
      : top + bottom > 0
        ? texts.bordersAbove(top, bottom)
        : texts.noBorder;
  return (
    <span class="hint">
      {texts.fit(`${size[0]}×${size[1]}`, `${plan.resized[0]}×${plan.resized[1]}`)} {border}
    </span>
  );
}
