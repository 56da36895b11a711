// What the page asks the static engine: several stages of a text at once. A program stays open for as long as the same
// text is asked about.
import { EngineError, StaticEngine, type Program, type Stages } from "./static.ts";
import type { Overview, TextKind } from "./types.ts";

export type StageKey = keyof Stages;
/** Stages by name; those that the program does not reach are missing. */
export type StageMap = { [K in StageKey]?: Stages[K] };

export interface Request {
  source: string;
  filename: string;
  optimize: 0 | 1 | 2;
}

/** Who asks: what one asks of newer texts gives up what it asked of older ones, and nothing else. */
export type Channel = "main" | "left" | "right" | "export" | "run";

const engine = new StaticEngine();
const open = new Map<Channel, { request: Request; program: Promise<Program> }>();

function programOf(request: Request, channel: Channel): Promise<Program> {
  const before = open.get(channel);
  if (before && before.request.source === request.source && before.request.filename === request.filename && before.request.optimize === request.optimize) return before.program;
  const program = engine.open(request.source, { filename: request.filename, optimize: request.optimize }, channel);
  open.set(channel, { request, program });
  // A program that could not be opened is asked for anew next time.
  program.catch(() => {
    if (open.get(channel)?.program === program) open.delete(channel);
  });
  void before?.program.then((old) => old.close()).catch(() => undefined);
  return program;
}

/** Whether an answer is missing only because a newer question was asked. */
export function isSuperseded(error: unknown): boolean {
  return error instanceof EngineError && error.failure === "superseded";
}

/** These stages of a text, with what is known of the whole. */
export async function analyse(request: Request, keys: readonly StageKey[], channel: Channel = "main"): Promise<{ overview: Overview; stages: StageMap }> {
  const program = await programOf(request, channel);
  const stages: StageMap = {};
  const answers = await Promise.all(keys.map((key) => program.stage(key)));
  keys.forEach((key, index) => {
    const answer = answers[index];
    if (answer !== null && answer !== undefined) Object.assign(stages, { [key]: answer });
  });
  return { overview: program.overview, stages };
}

/** A stage as text, exactly as Python prints it; what stands in its way where the program does not come so far. */
export async function textOf(request: Request, kind: TextKind, channel: Channel = "export"): Promise<string> {
  const program = await programOf(request, channel);
  return (await program.text(kind)) ?? program.overview.error?.formatted ?? "";
}
