// Reading the engine's tables: rows of numbers kept as one list.
import type { Span } from "../linking.ts";

/** The columns of a table by name, and how many there are. */
type Shape = { readonly width: number };
type Cells = ArrayLike<number>;

/** How many rows a table has. */
export function rowCount(table: Cells, shape: Shape): number {
  return Math.floor(table.length / shape.width);
}

/** One number; -1 beyond the table. */
export function cell<S extends Shape>(table: Cells, shape: S, row: number, column: Exclude<keyof S, "width"> & string): number {
  return table[row * shape.width + (shape[column] as number)] ?? -1;
}

/** The range in columns `from` and `to`; null where there is none. */
export function spanOf(table: Cells, shape: Shape & { from: number; to: number }, row: number): Span | null {
  const at = row * shape.width;
  const from = table[at + shape.from] ?? -1;
  const to = table[at + shape.to] ?? -1;
  return from < 0 || to < from ? null : { from, to };
}

/** A range as the engine writes it. */
export function toSpan(pair: readonly [number, number] | null | undefined): Span | null {
  return pair ? { from: pair[0], to: pair[1] } : null;
}
