// The worker in which the machine runs: it answers the requests of machine-client.ts one by one.

import { Core, type Library } from "./machine-core.ts";
import type { MachineOptions } from "./machine.ts";

/** What machine-client.ts sends. */
export type Message =
  | { type: "module"; module: WebAssembly.Module; library: string; index: string; first: Record<string, Uint8Array> }
  | { id: number; type: "load"; source: string; options: MachineOptions; stdin: string }
  | { id: number; type: "run"; limit: number }
  | { id: number; type: "seek"; step: number }
  | { id: number; type: "codes"; ids: number[] }
  | { id: number; type: "counts" };

/** What comes back. */
export type Reply = { id: number; value: unknown } | { id: number; error: string };

let core: Core | null = null;

/** The library's files, fetched one by one when a program imports them. The module waits for them, so the worker does. */
function library(address: string, index: string, first: Record<string, Uint8Array>): Library {
  const known = new Map<string, Uint8Array>(Object.entries(first));
  return {
    index,
    read(name) {
      let bytes: Uint8Array | null = known.get(name) ?? null;
      if (!bytes) {
        try {
          const request = new XMLHttpRequest();
          request.open("GET", new URL(name, address), false);
          request.responseType = "arraybuffer";
          request.send();
          if (request.status === 200 || (request.status === 0 && request.response)) bytes = new Uint8Array(request.response as ArrayBuffer);
        } catch {
          // The network is away: the program sees an OSError.
        }
        if (bytes) known.set(name, bytes);
      }
      return bytes;
    },
  };
}

function answer(message: Message): unknown {
  if (message.type === "module") {
    core = new Core(message.module, library(message.library, message.index, message.first));
    return undefined;
  }
  if (!core) throw new Error("the machine has not been loaded");
  switch (message.type) {
    case "load":
      return core.load(message.source, message.options, message.stdin);
    case "run":
      return core.run(message.limit);
    case "seek":
      return core.seek(message.step);
    case "codes":
      return core.codes(message.ids);
    case "counts":
      return core.counts();
  }
}

self.addEventListener("message", (event: MessageEvent<Message>) => {
  const message = event.data;
  try {
    const value = answer(message);
    if ("id" in message) self.postMessage({ id: message.id, value } satisfies Reply);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    if ("id" in message) self.postMessage({ id: message.id, error: words } satisfies Reply);
  }
});
