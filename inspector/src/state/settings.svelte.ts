// What the reader likes: theme, and small switches; kept in this browser.

/** Reads a kept value; whatever is unreadable counts as absent. */
export function kept<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`taipan.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

/** Keeps a value; a browser that refuses storage is no reason to stop. */
export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(`taipan.${key}`, JSON.stringify(value));
  } catch {
    /* private windows and full stores */
  }
}

export type Theme = "system" | "light" | "dark";

function keptTheme(): Theme {
  try {
    const theme = localStorage.getItem("taipan.theme");
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system";
  }
}

class Settings {
  theme = $state<Theme>(keptTheme());
  caches = $state(kept("caches", false));

  #system = matchMedia("(prefers-color-scheme: dark)");
  systemDark = $state(this.#system.matches);

  constructor() {
    this.#system.addEventListener("change", (event) => {
      this.systemDark = event.matches;
      this.#show();
    });
  }

  get dark(): boolean {
    return this.theme === "dark" || (this.theme === "system" && this.systemDark);
  }

  /** Light, dark, as the system: round and round. */
  nextTheme(): void {
    this.theme = this.theme === "system" ? (this.systemDark ? "light" : "dark") : this.theme === "dark" ? (this.systemDark ? "system" : "light") : this.systemDark ? "dark" : "system";
    try {
      if (this.theme === "system") localStorage.removeItem("taipan.theme");
      else localStorage.setItem("taipan.theme", this.theme);
    } catch {
      /* not kept */
    }
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
  }

  toggle(what: "caches"): void {
    this[what] = !this[what];
    keep(what, this[what]);
  }
}

export const settings = new Settings();
