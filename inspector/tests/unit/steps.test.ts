// Moves over a small recorded way: a loop that calls a function.
import { expect, test } from "vitest";
import { backwards, beginsLine, forwards, type Move, type Stops, type Way } from "../../src/exec/steps.ts";

// code, line, depth: line 3 calls (line 1), line 4 calls again, then the end.
const steps: [number, number, number][] = [
  [0, 3, 0], [0, 3, 0], [1, 1, 1], [1, 1, 1], [0, 3, 0],
  [0, 4, 0], [1, 1, 1], [1, 2, 1], [0, 4, 0],
  [0, 5, 0], [0, 5, 0],
];
const way: Way = { length: steps.length, code: (i) => steps[i]?.[0] ?? -1, line: (i) => steps[i]?.[1] ?? -1, depth: (i) => steps[i]?.[2] ?? -1 };
const stops: Stops = { breakpoints: new Set([2]), cursorLine: 4, own: () => true };
const on = (from: number, move: Move) => forwards(way, from, move, stops);
const back = (from: number, move: Move) => backwards(way, from, move, stops);

test("instruction by instruction", () => {
  expect(on(0, "instruction")).toBe(1);
  expect(back(1, "instruction")).toBe(0);
  expect(on(10, "instruction")).toBe(11);
  expect(back(0, "instruction")).toBe(0);
});
test("into a call", () => expect(on(0, "into")).toBe(2));
test("over a call", () => {
  expect(on(0, "over")).toBe(5);
  expect(on(5, "over")).toBe(9);
  expect(on(2, "over")).toBe(4);
});
test("back over a call, to the first instruction of its line", () => {
  expect(back(9, "over")).toBe(5);
  expect(back(5, "over")).toBe(0);
});
test("out of a function, and back to its call", () => {
  expect(on(6, "out")).toBe(8);
  expect(back(7, "out")).toBe(5);
});
test("to breakpoints and the cursor, both ways", () => {
  expect(on(0, "breakpoint")).toBe(7);
  expect(back(10, "breakpoint")).toBe(7);
  expect(on(0, "cursor")).toBe(5);
  expect(back(10, "cursor")).toBe(8);
  expect(on(8, "breakpoint")).toBe(11);
  expect(back(5, "breakpoint")).toBe(0);
});
test("to the ends", () => {
  expect(on(3, "end")).toBe(11);
  expect(back(7, "end")).toBe(0);
});
test("a line begins where another stood before", () => expect(steps.map((_, i) => beginsLine(way, i))).toEqual([true, false, true, false, true, true, true, true, true, true, false]));
test("code of the library is no place to stop", () => expect(forwards(way, 0, "into", { ...stops, own: (code) => code === 0 })).toBe(4));
