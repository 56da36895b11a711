// The rules by which panes light up together: pure functions over ranges of the source, in UTF-16 offsets.

/** A half-open range of the source text. */
export interface Span {
  from: number;
  to: number;
}

/** How an item's range stands to the selected one. */
export type Relation = "same" | "within" | "around" | "cross" | "apart";

/** How an item is lit. `around` goes to the narrowest item that holds the selection, when nothing is nearer. */
export type Mark = "same" | "within" | "around";

/** How `item` stands to `chosen`. A range that only touches the other at an edge stands apart, unless one is a caret. */
export function relate(item: Span, chosen: Span): Relation {
  if (item.from === chosen.from && item.to === chosen.to) return "same";
  if (chosen.from === chosen.to) return item.from <= chosen.from && chosen.to <= item.to ? "around" : "apart";
  if (item.from === item.to) return chosen.from < item.from && item.to < chosen.to ? "within" : "apart";
  if (item.to <= chosen.from || chosen.to <= item.from) return "apart";
  if (chosen.from <= item.from && item.to <= chosen.to) return "within";
  if (item.from <= chosen.from && chosen.to <= item.to) return "around";
  return "cross";
}

/**
 * What of `count` items lights up for the selected ranges: items with the same range, items inside one and items that
 * a range cuts (as `within`); where a range finds none of these, the narrowest items around it.
 */
export function light(count: number, spanOf: (index: number) => Span | null | undefined, chosen: readonly Span[]): Map<number, Mark> {
  const lit = new Map<number, Mark>();
  for (const range of chosen) {
    let near = false;
    let width = Infinity;
    let narrowest: number[] = [];
    for (let index = 0; index < count; index++) {
      const span = spanOf(index);
      if (!span) continue;
      switch (relate(span, range)) {
        case "same":
          lit.set(index, "same");
          near = true;
          break;
        case "within":
        case "cross":
          if (lit.get(index) !== "same") lit.set(index, "within");
          near = true;
          break;
        case "around":
          if (span.to - span.from < width) {
            width = span.to - span.from;
            narrowest = [index];
          } else if (span.to - span.from === width) {
            narrowest.push(index);
          }
          break;
        case "apart":
          break;
      }
    }
    if (!near) for (const index of narrowest) if (!lit.has(index)) lit.set(index, "around");
  }
  return lit;
}

/** The first of the lit items, the nearest first: where a pane scrolls to. */
export function foremost(lit: ReadonlyMap<number, Mark>): number | null {
  let best: number | null = null;
  let rank = 3;
  const ranks: Record<Mark, number> = { same: 0, within: 1, around: 2 };
  for (const [index, mark] of lit) {
    const its = ranks[mark];
    if (its < rank || (its === rank && best !== null && index < best)) {
      best = index;
      rank = its;
    }
  }
  return best;
}

/** Whether two selections are the same ranges in the same order. */
export function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return a.length === b.length && a.every((span, index) => span.from === b[index]?.from && span.to === b[index]?.to);
}

/** The class that shows a mark. */
export function markClass(mark: Mark | undefined): string {
  return mark ? `mark-${mark}` : "";
}
