// The one selection of the page: ranges of the source, hovered over or chosen, and the pane they came from.
import { sameSpans, type Span } from "../linking.ts";

class Selection {
  /** Under the pointer: gone when it leaves. */
  hovered = $state.raw<readonly Span[]>([]);
  /** Chosen by a click, by the keyboard or in the editor: stays. */
  chosen = $state.raw<readonly Span[]>([]);
  /** Which pane the present ranges came from: it does not scroll to itself. */
  origin = $state<string>("");
  /** Counts choices, so that panes scroll even when the same range is chosen again. */
  choices = $state(0);

  /** The ranges that are lit. */
  get spans(): readonly Span[] {
    return this.hovered.length > 0 ? this.hovered : this.chosen;
  }

  hover(origin: string, spans: readonly (Span | null | undefined)[]): void {
    const real = spans.filter((span): span is Span => !!span);
    if (sameSpans(real, this.hovered)) return;
    this.origin = origin;
    this.hovered = real;
  }

  leave(): void {
    if (this.hovered.length > 0) this.hovered = [];
  }

  choose(origin: string, spans: readonly (Span | null | undefined)[]): void {
    this.origin = origin;
    this.hovered = [];
    this.chosen = spans.filter((span): span is Span => !!span);
    this.choices++;
  }

  clear(): void {
    this.hovered = [];
    this.chosen = [];
  }
}

export const selection = new Selection();
