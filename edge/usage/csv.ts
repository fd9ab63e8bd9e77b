/** RFC 4180: a header line, then one line a row. */
export function toCsv(
  rows: readonly Readonly<Record<string, string | number>>[],
  columns: readonly string[],
): string {
  const line = (cells: readonly (string | number)[]) => `${cells.map(cellOf).join(",")}\r\n`;
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ""))).join("");
}

function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
