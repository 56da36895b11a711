// The guided tour: what each step opens, points at and says.
import { execution } from "../state/execution.svelte.ts";
import type { PaneId } from "../state/layout.svelte.ts";

export interface TourStep {
  title: string;
  /** Paragraphs. */
  text: string[];
  program: string;
  pane: PaneId;
  /** A part of the program to light up. */
  point?: string;
  /** Runs the program and goes to the step at which this says yes, from the first. */
  until?: (instruction: string, step: number) => boolean;
}

const ASSIGN = "x = 42\n";
const SUM = "x = 42\ny = x + 1\n";
const LOOP = "for i in range(3):\n    print(i)\n";

/** The tour goes to the first step whose instruction is the nth of this name. */
const nth = (name: string, count: number) => {
  let seen = 0;
  return (instruction: string, step: number) => {
    if (step === 0) seen = 0;
    return instruction === name && ++seen === count;
  };
};

export const tour: TourStep[] = [
  {
    title: "A program is text",
    text: ["This is a whole Python program: it gives the number 42 the name x.", "The computer cannot run text. It turns it into something simpler, step by step, and each pane of this page shows one step of that way."],
    program: ASSIGN,
    pane: "source",
    point: "x = 42",
  },
  {
    title: "Text becomes tokens",
    text: ["First the text is cut into words, called tokens: the name x, the operator =, the number 42, and the end of the line.", "Point at a token: the same place lights up in the source and in every other pane."],
    program: ASSIGN,
    pane: "tokens",
    point: "42",
  },
  {
    title: "Tokens become a tree",
    text: ["The tokens are joined by the rules of the language into a tree. This one says: an assignment (Assign), whose target is the name x and whose value is the constant 42."],
    program: ASSIGN,
    pane: "tree",
    point: "x = 42",
  },
  {
    title: "Whose name is it?",
    text: ["Next come the names: which ones are there, and where does each belong? x is a name of the module, that is, of the program itself. In bigger programs every function has its own list."],
    program: ASSIGN,
    pane: "symbols",
    point: "x",
  },
  {
    title: "The tree becomes instructions",
    text: ["From the tree come instructions so simple that a machine can follow them, one after the other: the bytecode.", "LOAD_SMALL_INT takes the number 42; STORE_NAME gives what was taken the name x. The two lines at the end are how every program finishes."],
    program: ASSIGN,
    pane: "bytecode",
    point: "42",
  },
  {
    title: "The machine has a stack",
    text: ["Now the program runs, and time stands still after LOAD_SMALL_INT. The machine works on a stack: a pile on which values are put, and from which the next instruction takes them.", "42 lies on it. Press F7 for the next instruction, Shift+F7 to go back."],
    program: ASSIGN,
    pane: "frames",
    until: nth("STORE_NAME", 1),
  },
  {
    title: "A name is bound",
    text: ["STORE_NAME has taken 42 off the stack, and the name x now stands for it. This is all that x = 42 does."],
    program: ASSIGN,
    pane: "variables",
    until: (() => {
      let stored = false;
      return (instruction: string, step: number) => {
        if (step === 0) stored = false;
        const now = stored;
        stored ||= instruction === "STORE_NAME";
        return now;
      };
    })(),
  },
  {
    title: "Adding two numbers",
    text: ["x + 1 needs both numbers on the stack: LOAD_NAME puts the value of x there, LOAD_SMALL_INT the 1. BINARY_OP is next: it will take both off and put their sum, 43, in their place. Press F7 and see."],
    program: SUM,
    pane: "frames",
    until: nth("BINARY_OP", 1),
  },
  {
    title: "A loop is a jump",
    text: ["for i in range(3): print(i). In the bytecode the loop is an arrow: JUMP_BACKWARD goes back to FOR_ITER, which asks for the next number, and jumps out behind the loop when there is none left."],
    program: LOOP,
    pane: "bytecode",
    point: "range(3)",
  },
  {
    title: "The same, as a map",
    text: ["The flow graph shows the ways that the machine can take: into the loop, round, and out. The boxes are instructions that always run one after the other."],
    program: LOOP,
    pane: "cfg",
    point: "print(i)",
  },
  {
    title: "Now watch it run",
    text: ["The program stands before its second print. Drag the timeline in both directions, or press F8 for the next line, and see i change and the output grow.", "That is the whole way. Change any program, open the gallery, press F1 for all the keys: every pane follows."],
    program: LOOP,
    pane: "output",
    until: nth("CALL", 3),
  },
];

/** Runs the program of a step and goes where the step wants to be. */
export async function runTo(until: (instruction: string, step: number) => boolean): Promise<void> {
  if (execution.outdated || execution.status === "idle" || execution.status === "failed") {
    if (!(await execution.start())) return;
  }
  const names = new Map<number, Map<number, string>>();
  for (const [id, code] of execution.codes) names.set(id, new Map(code.instructions.map((one) => [one.offset, one.opname])));
  for (let step = 0; step < execution.way.length; step++) {
    const name = names.get(execution.way.code(step))?.get(execution.way.offset(step)) ?? "";
    if (until(name, step)) {
      await execution.go(step);
      return;
    }
  }
}
