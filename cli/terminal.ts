/** What only a person at a terminal sees: colours, tables, and one line about what is awaited. */
import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Coloured where `stream` is a terminal; NO_COLOR and FORCE_COLOR decide before that. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(style, text, { stream });
}

/** Rows under their headings, in columns; numbers stand to the right. Nothing without rows. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const [first] = rows;
  if (!first) return [];
  const lines = [headings, ...rows].map((cells) => cells.map(String));
  const width = (text: string) => stripVTControlCharacters(text).length;
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => width(cells[column] ?? ""))));
  return lines.map((cells) =>
    cells
      .map((text, column) => {
        const space = " ".repeat((widths[column] ?? 0) - width(text));
        return typeof first[column] === "number" ? space + text : text + space;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Nothing is said about what is over sooner, in milliseconds. */
const PATIENCE_MS = 1000;
const FRAME_MS = 120;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export interface Progress {
  /** Changes what is awaited. */
  say(text: string): void;
  /** Takes the line away, for good. */
  stop(): void;
}

/** A line on standard error, if that is a terminal, from one second on until it is stopped. */
export function startProgress(text: string, stream: Terminal = process.stderr): Progress {
  if (!stream.isTTY || process.env.TERM === "dumb") return { say: () => undefined, stop: () => undefined };
  const begun = performance.now();
  let frame = 0;
  let said = text;
  let shown = false;
  const draw = () => {
    const waited = performance.now() - begun;
    if (waited < PATIENCE_MS) return;
    const line = `${FRAMES[frame++ % FRAMES.length]} ${said} · ${Math.floor(waited / 1000)} s`;
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`);
    shown = true;
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    say: (next) => {
      said = next;
    },
    stop: () => {
      clearInterval(timer);
      if (shown) stream.write("\r\x1b[K");
      shown = false;
    },
  };
}

/** Bytes as a person reads them, of a total. */
export function ofBytes(sent: number, total: number): string {
  return `${megabytes(sent)} of ${megabytes(total)} MB (${Math.floor((100 * sent) / total)} %)`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
