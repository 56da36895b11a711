// What the page begins with: a program in the address, one that came inside the page, one served by `taipan inspect`, or the last one.
import { makeMachine } from "../engine/machine-client.ts";
import type { Machine } from "../engine/machine.ts";
import { setMachine } from "./execution.svelte.ts";
import { program } from "./program.svelte.ts";
import { takeAddress } from "./sharing.ts";

/** A program that was written into the page itself: `<script type="application/json" id="taipan-program">`. */
function embedded(): { name: string; source: string } | null {
  const element = document.getElementById("taipan-program");
  if (!element?.textContent) return null;
  try {
    const value = JSON.parse(element.textContent) as { name?: unknown; source?: unknown };
    return typeof value.source === "string" ? { name: typeof value.name === "string" ? value.name : "program.py", source: value.source } : null;
  } catch {
    return null;
  }
}

let served = false;

/** Asks the command for the file it serves, and follows its changes. */
async function follow(): Promise<void> {
  if (served || !["127.0.0.1", "localhost", "[::1]"].includes(location.hostname)) return;
  const load = async (): Promise<boolean> => {
    try {
      const answer = await fetch("source", { cache: "no-store" });
      if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return false;
      const { name, source } = (await answer.json()) as { name: string; source: string };
      if (source !== program.source) program.open(source, name);
      else program.name = name;
      return true;
    } catch {
      return false;
    }
  };
  if (!(await load())) return;
  served = true;
  const events = new EventSource("events");
  events.onmessage = () => void load();
  events.addEventListener("changed", () => void load());
}

/** A machine that was put there before the page began: recordings, in tests and when the page is part of another. */
declare global {
  var taipanMachine: (() => Promise<Machine>) | undefined;
}

export async function begin(): Promise<void> {
  setMachine(globalThis.taipanMachine ?? makeMachine);
  if (await takeAddress(location.hash)) {
    keepForOffline();
    return;
  }
  const inside = embedded();
  if (inside) program.open(inside.source, inside.name);
  await follow();
  if (!served && !inside) keepForOffline();
}

/** Lets the service worker keep the page; one that `taipan inspect` serves, or that consists of one file, needs none. */
function keepForOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || !location.protocol.startsWith("http") || document.getElementById("taipan-static-engine")) return;
  navigator.serviceWorker.register("sw.js").catch(() => undefined);
}
