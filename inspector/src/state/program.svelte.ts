// The program under the glass: its text, name, options and input.
import { kept } from "./settings.svelte.ts";

export type Optimize = 0 | 1 | 2;

export const FIRST_PROGRAM = `# Point at anything: what it became lights up.
def area(width, height=2):
    return width * height

for side in range(3):
    print(f"{side} -> {area(side)}")
`;

class Program {
  source = $state(kept<string | null>("program", null) ?? FIRST_PROGRAM);
  name = $state("program.py");
  optimize = $state<Optimize>(0);
  stdin = $state("");
  /** Counts replacements from outside the editor, which then takes the text over. */
  replaced = $state(0);

  /** Puts another program in place. */
  open(source: string, name: string): void {
    this.source = source;
    this.name = name;
    this.replaced++;
  }
}

export const program = new Program();
