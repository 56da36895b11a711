// What floats above the panes: dialogs, the tour, short messages.
export type Dialog = "gallery" | "help" | "palette" | "history" | "export";

class Ui {
  dialog = $state<Dialog | null>(null);
  /** The tour's step, or null while nobody is on tour. */
  tour = $state<number | null>(null);
  /** A short message, which is read out too. */
  message = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(message: string): void {
    this.message = message;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.message = ""), 4000);
  }
}

export const ui = new Ui();
