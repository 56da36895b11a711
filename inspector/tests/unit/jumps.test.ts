// Arrows in the gutter: no two that meet share a lane, unless they lead to the same place.
import { expect, test } from "vitest";
import { assignLanes } from "../../src/panes/jumps.ts";

test("nested jumps go outwards", () => {
  const arrows = assignLanes([{ from: 1, to: 10 }, { from: 3, to: 5 }]);
  expect(arrows.find((arrow) => arrow.from === 3)?.lane).toBe(0);
  expect(arrows.find((arrow) => arrow.from === 1)?.lane).toBe(1);
});

test("jumps to one place run together", () => {
  expect(assignLanes([{ from: 1, to: 9 }, { from: 4, to: 9 }]).map((arrow) => arrow.lane)).toEqual([0, 0]);
});

test("jumps that do not meet share a lane", () => {
  expect(assignLanes([{ from: 1, to: 3 }, { from: 5, to: 7 }]).map((arrow) => arrow.lane)).toEqual([0, 0]);
});

test("there are never more lanes than asked for", () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ from: i, to: 100 - i }));
  expect(Math.max(...assignLanes(many, 6).map((arrow) => arrow.lane))).toBe(5);
});
