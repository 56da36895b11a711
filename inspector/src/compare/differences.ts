// Two texts side by side: lines paired up, and within pairs the words that differ.
import { diffLines, diffWordsWithSpace } from "diff";

export interface Piece {
  text: string;
  changed: boolean;
}

export interface Pair {
  kind: "same" | "changed" | "removed" | "added";
  /** Line number and pieces, on each side where there is a line. */
  left: { number: number; pieces: Piece[] } | null;
  right: { number: number; pieces: Piece[] } | null;
}

const MOST_LINES = 20_000;

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The words that two lines share and those they do not. */
function words(left: string, right: string): [Piece[], Piece[]] {
  const parts = left.length + right.length < 4000 ? diffWordsWithSpace(left, right) : [{ value: left, removed: true, added: false }, { value: right, removed: false, added: true }];
  return [parts.filter((part) => !part.added).map((part) => ({ text: part.value, changed: part.removed })), parts.filter((part) => !part.removed).map((part) => ({ text: part.value, changed: part.added }))];
}

/** Pairs the lines of two texts. Very long texts are compared line by line in place. */
export function compareTexts(left: string, right: string): Pair[] {
  const pairs: Pair[] = [];
  let [a, b] = [0, 0];
  const plain = (text: string): Piece[] => [{ text, changed: false }];
  const tooLong = linesOf(left).length + linesOf(right).length > MOST_LINES;
  const parts = tooLong ? null : diffLines(left, right);
  const between = (removed: string[], added: string[]) => {
    const both = Math.min(removed.length, added.length);
    for (let i = 0; i < Math.max(removed.length, added.length); i++) {
      const [l, r] = [removed[i], added[i]];
      if (i < both && l !== undefined && r !== undefined) {
        const [lp, rp] = words(l, r);
        pairs.push({ kind: l === r ? "same" : "changed", left: { number: ++a, pieces: lp }, right: { number: ++b, pieces: rp } });
      } else if (l !== undefined) pairs.push({ kind: "removed", left: { number: ++a, pieces: plain(l) }, right: null });
      else if (r !== undefined) pairs.push({ kind: "added", left: null, right: { number: ++b, pieces: plain(r) } });
    }
  };
  if (!parts) {
    between(linesOf(left), linesOf(right));
    return pairs;
  }
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (!part) continue;
    if (!part.added && !part.removed) {
      for (const line of linesOf(part.value)) pairs.push({ kind: "same", left: { number: ++a, pieces: plain(line) }, right: { number: ++b, pieces: plain(line) } });
      continue;
    }
    const next = parts[i + 1];
    if (part.removed && next?.added) {
      between(linesOf(part.value), linesOf(next.value));
      i++;
    } else between(part.removed ? linesOf(part.value) : [], part.added ? linesOf(part.value) : []);
  }
  return pairs;
}
