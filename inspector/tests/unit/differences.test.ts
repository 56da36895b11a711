// Texts side by side: every line of both appears once, in order, and pairs say what differs.
import { expect, test } from "vitest";
import { compareTexts } from "../../src/compare/differences.ts";

const side = (text: string, other: string, which: "left" | "right") =>
  (which === "left" ? compareTexts(text, other) : compareTexts(other, text)).flatMap((pair) => (pair[which] ? [pair[which].pieces.map((piece) => piece.text).join("")] : []));

test("equal texts are all the same", () => expect(compareTexts("a\nb\n", "a\nb\n").every((pair) => pair.kind === "same")).toBe(true));
test("a changed line shows the words that differ", () => {
  const [pair] = compareTexts("LOAD_CONST 1\n", "LOAD_CONST 2\n");
  expect(pair?.kind).toBe("changed");
  expect(pair?.left?.pieces.filter((piece) => piece.changed).map((piece) => piece.text)).toEqual(["1"]);
  expect(pair?.right?.pieces.filter((piece) => piece.changed).map((piece) => piece.text)).toEqual(["2"]);
});
test("added and removed lines have nothing beside them", () => {
  expect(compareTexts("a\n", "a\nb\n").map((pair) => pair.kind)).toEqual(["same", "added"]);
  expect(compareTexts("a\nb\n", "a\n").map((pair) => pair.kind)).toEqual(["same", "removed"]);
});
test("no line is lost", () => {
  const left = "one\ntwo\nthree\nfour\nfive\n";
  const right = "one\n2\nthree\nthree and a half\nfive\nsix\n";
  expect(side(left, right, "left").join("\n")).toBe(left.trimEnd());
  expect(side(right, left, "right").join("\n")).toBe(right.trimEnd());
});
