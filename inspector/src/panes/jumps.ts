// Where the arrows of jumps run: each in a lane of the gutter, short ones nearest to the code, none through another.

export interface Jump {
  /** Rows of the list. */
  from: number;
  to: number;
}

export interface Arrow extends Jump {
  lane: number;
}

/** Gives each jump a lane, at most `lanes` of them; what finds no room shares the outermost. */
export function assignLanes(jumps: readonly Jump[], lanes = 8): Arrow[] {
  const taken: { top: number; bottom: number; to: number }[][] = [];
  return [...jumps]
    .sort((a, b) => Math.abs(a.to - a.from) - Math.abs(b.to - b.from) || a.from - b.from)
    .map((jump) => {
      const top = Math.min(jump.from, jump.to);
      const bottom = Math.max(jump.from, jump.to);
      let lane = 0;
      // Arrows to the same place may share a lane: they run together there.
      while (lane < lanes - 1 && (taken[lane] ?? []).some((other) => other.to !== jump.to && other.top <= bottom && top <= other.bottom)) lane++;
      (taken[lane] ??= []).push({ top, bottom, to: jump.to });
      return { ...jump, lane };
    });
}
