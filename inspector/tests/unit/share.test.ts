// Fragments come back as they went, and damaged ones are refused quietly.
import { expect, test } from "vitest";
import { fromBase64Url, fromFragment, toBase64Url, toFragment } from "../../src/util/share.ts";

test("programs come back", async () => {
  const shared = { source: 'print("grüße 🐍")\n'.repeat(200), optimize: 2 as const, view: "run" };
  const fragment = await toFragment(shared);
  expect(fragment.length).toBeLessThan(200);
  expect(fragment).toMatch(/^#1\.[A-Za-z0-9_-]+$/);
  expect(await fromFragment(fragment)).toEqual(shared);
});

test("bytes come back", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);
  expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
});

test.each(["", "#", "#1.", "#1.AAAA", "#2.abc", "#1.!!", "#section"])("%o is nothing of ours", async (fragment) => expect(await fromFragment(fragment)).toBeNull());
