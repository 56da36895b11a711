// The linking rules, case by case and against a plain statement of them on random ranges.
import { describe, expect, test } from "vitest";
import { foremost, light, relate, sameSpans, type Span } from "../../src/linking.ts";

const span = (from: number, to: number): Span => ({ from, to });
const lit = (items: (Span | null)[], ...chosen: Span[]) => Object.fromEntries(light(items.length, (i) => items[i], chosen));

describe("relate", () => {
  test.each([
    [span(2, 5), span(2, 5), "same"],
    [span(3, 4), span(2, 5), "within"],
    [span(2, 4), span(2, 5), "within"],
    [span(1, 9), span(2, 5), "around"],
    [span(1, 3), span(2, 5), "cross"],
    [span(4, 8), span(2, 5), "cross"],
    [span(0, 2), span(2, 5), "apart"],
    [span(5, 7), span(2, 5), "apart"],
    [span(3, 3), span(2, 5), "within"],
    [span(2, 2), span(2, 5), "apart"],
    [span(2, 5), span(5, 5), "around"],
    [span(2, 5), span(6, 6), "apart"],
  ] as const)("%o to %o: %s", (item, chosen, expected) => expect(relate(item, chosen)).toBe(expected));
});

describe("light", () => {
  const call = [span(0, 8), span(0, 5), span(6, 7)]; // print(x): the call, its function, its argument
  test("an expression lights itself and its parts", () => expect(lit(call, span(0, 8))).toEqual({ 0: "same", 1: "within", 2: "within" }));
  test("a part does not light what holds it", () => expect(lit(call, span(6, 7))).toEqual({ 2: "same" }));
  test("where nothing is as near, the narrowest holder is lit", () => expect(lit(call, span(5, 6))).toEqual({ 0: "around" }));
  test("ties of holders are all lit", () => expect(lit([span(0, 8), span(0, 8)], span(5, 6))).toEqual({ 0: "around", 1: "around" }));
  test("items without a range stay dark", () => expect(lit([null, span(0, 1)], span(0, 1))).toEqual({ 1: "same" }));
  test("several ranges light several items", () => expect(lit(call, span(0, 5), span(6, 7))).toEqual({ 1: "same", 2: "same" }));
  test("nothing chosen, nothing lit", () => expect(lit(call)).toEqual({}));

  test("random ranges agree with the rule said plainly", () => {
    let seed = 20260711;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 500; round++) {
      const items = Array.from({ length: 12 }, () => {
        const from = random(20);
        return span(from, from + 1 + random(8));
      });
      const from = random(20);
      const range = span(from, from + 1 + random(8));
      const overlap = items.map((item) => item.from < range.to && range.from < item.to);
      const holds = items.map((item) => item.from <= range.from && range.to <= item.to);
      const same = items.map((item) => item.from === range.from && item.to === range.to);
      const near = items.some((_, i) => overlap[i] && (!holds[i] || same[i]));
      const width = Math.min(...items.filter((_, i) => holds[i]).map((item) => item.to - item.from));
      const expected: Record<number, string> = {};
      items.forEach((item, i) => {
        if (same[i]) expected[i] = "same";
        else if (overlap[i] && !holds[i]) expected[i] = "within";
        else if (holds[i] && !near && item.to - item.from === width) expected[i] = "around";
      });
      expect(lit(items, range)).toEqual(expected);
    }
  });
});

test("the foremost is the nearest, then the first", () => {
  expect(foremost(new Map([[4, "within"], [7, "same"], [9, "same"]]))).toBe(7);
  expect(foremost(new Map([[4, "around"]]))).toBe(4);
  expect(foremost(new Map())).toBeNull();
});

test("selections are compared range by range", () => {
  expect(sameSpans([span(1, 2)], [span(1, 2)])).toBe(true);
  expect(sameSpans([span(1, 2)], [span(1, 3)])).toBe(false);
  expect(sameSpans([], [span(1, 3)])).toBe(false);
});
