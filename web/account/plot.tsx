/** Bars by day, stacked by model. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Days, roundUp, seriesOf, sum } from "./days.ts";

interface PlotProps {
  readonly days: Days;
  readonly show: (value: number) => string;
  readonly unit: string;
}

/** Until the page has been laid out. */
const USUAL_WIDTH = 720;
const HEIGHT = 200;
const TOP = 8;
const LEFT = 64;
const BOTTOM = 24;
const GAP = 0.25;

export function Plot({ days: { models, stacks }, show, unit }: PlotProps) {
  const figure = useRef<HTMLElement>(null);
  const width = useWidth(figure);
  const highest = roundUp(Math.max(...stacks.map(({ parts }) => sum(parts))));
  const floor = HEIGHT - BOTTOM;
  const y = (value: number) => floor - ((floor - TOP) * value) / highest;
  const step = (width - LEFT) / stacks.length;
  const labelled = new Set([0, Math.floor((stacks.length - 1) / 2), stacks.length - 1]);
  const busiest = stacks.reduce((most, each) => (sum(each.parts) > sum(most.parts) ? each : most));
  return (
    <figure class="plot" ref={figure}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`${unit}, ${stacks[0]?.day} – ${stacks.at(-1)?.day}; ${busiest.day}: ${show(sum(busiest.parts))}`}
      >
        {[0, highest / 2, highest].map((value) => (
          <g key={value} class="rule">
            <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 8} y={y(value) + 4} text-anchor="end">
              {show(value)}
            </text>
          </g>
        ))}
        {stacks.map(({ day, parts }, index) => (
          <g key={day}>
            {parts.map((part, model) => {
              const below = sum(parts.slice(0, model));
              return (
                part > 0 && (
                  <rect
                    key={models[model]}
                    class={`series-${seriesOf(models[model]!)}`}
                    x={LEFT + step * (index + GAP / 2)}
                    width={step * (1 - GAP)}
                    y={y(below + part)}
                    height={Math.max(y(below) - y(below + part), 1)}
                  >
                    <title>{`${day} ${models[model]}: ${show(part)}`}</title>
                  </rect>
                )
              );
            })}
            {labelled.has(index) && (
              <text
                x={LEFT + step * (index + 0.5)}
                y={HEIGHT - 6}
                text-anchor={index === 0 ? "start" : index === stacks.length - 1 ? "end" : "middle"}
              >
                {day.slice(5)}
              </text>
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        {models.map((model) => (
          <span key={model}>
            <i class={`series-${seriesOf(model)}`} /> {model}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** An element's width in pixels: drawn at its own size, a plot's figures stay readable on a phone. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(USUAL_WIDTH);
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
