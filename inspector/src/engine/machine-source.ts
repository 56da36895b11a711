// Offsets in a source, in UTF-16 code units, for lines and columns as code objects have them: columns are bytes of UTF-8.

import type { Span } from "../linking.ts";

function bytesOf(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

export class Source {
  #text: string;
  #starts: number[] = [0];

  constructor(text: string) {
    // As Python reads it.
    this.#text = text.replace(/\r\n?/g, "\n");
    for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  #offset(line: number, column: number): number | null {
    const start = this.#starts[line - 1];
    if (start === undefined) return null;
    const end = this.#starts[line] ?? this.#text.length + 1;
    let at = start;
    for (let bytes = 0; bytes < column && at < end; ) {
      const point = this.#text.codePointAt(at) ?? 0;
      bytes += bytesOf(point);
      at += point > 0xffff ? 2 : 1;
    }
    return Math.min(at, this.#text.length);
  }

  /** From and to; null where the code does not say. */
  span(line: number, endLine: number, column: number, endColumn: number): Span | null {
    if (line < 1 || endLine < line || column < 0 || endColumn < 0) return null;
    const from = this.#offset(line, column);
    const to = this.#offset(endLine, endColumn);
    return from === null || to === null ? null : { from, to };
  }
}
