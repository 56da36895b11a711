// Program and view in the fragment of the address: deflated, in base64url.

export interface Shared {
  source: string;
  name?: string;
  optimize?: 0 | 1 | 2;
  view?: string;
  panes?: string[];
  stdin?: string;
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream, limit = Infinity): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) throw new RangeError("what the address holds is too large");
    chunks.push(value);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Bytes in the alphabet that addresses may hold. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

/** The fragment (with its #) that brings this program and view back. */
export async function toFragment(shared: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  return `#1.${toBase64Url(await through(bytes, new CompressionStream("deflate-raw")))}`;
}

/** What a fragment holds; null when it is not one of ours or is damaged. At most 8 MB are unpacked. */
export async function fromFragment(fragment: string): Promise<Shared | null> {
  const match = /^#?1\.([A-Za-z0-9_-]+)$/.exec(fragment);
  if (!match?.[1]) return null;
  try {
    const bytes = await through(fromBase64Url(match[1]), new DecompressionStream("deflate-raw"), 8_000_000);
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return value !== null && typeof value === "object" && typeof (value as Shared).source === "string" ? (value as Shared) : null;
  } catch {
    return null;
  }
}
