// Provisional: shows one recorded analysis until the engine is there.
import type { Analysis, Listing, Overview, TextKind } from "./types.ts";

/** What can be asked for: the parts of an analysis, and the listing with caches. */
export interface StageMap extends Omit<Analysis, "overview"> {
  listingCaches?: Listing;
}
export type StageKey = keyof StageMap;
export interface Request {
  source: string;
  filename: string;
  optimize: 0 | 1 | 2;
}

export async function analyse(_request: Request, keys: readonly StageKey[]): Promise<{ overview: Overview; stages: StageMap }> {
  const all = (await (await fetch("analysis.json")).json()) as Analysis & StageMap;
  return { overview: all.overview, stages: Object.fromEntries(keys.map((key) => [key, all[key]])) as StageMap };
}

/** A stage as text, exactly as Python prints it. */
export async function textOf(request: Request, kind: TextKind): Promise<string> {
  const { stages } = await analyse(request, ["treeText", "listing", "tokens"]);
  return kind === "ast" ? (stages.treeText?.text ?? "") : (stages.listing?.text ?? "");
}
