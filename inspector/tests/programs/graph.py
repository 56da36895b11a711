"""Paths in a graph: breadth first, the shortest by weight, a spanning tree and an order of tasks."""

import heapq
from collections import defaultdict, deque

ROADS = [
    ("Ulm", "Stuttgart", 94),
    ("Ulm", "Augsburg", 79),
    ("Augsburg", "Munich", 81),
    ("Stuttgart", "Karlsruhe", 81),
    ("Karlsruhe", "Mannheim", 67),
    ("Mannheim", "Frankfurt", 84),
    ("Stuttgart", "Wurzburg", 155),
    ("Wurzburg", "Frankfurt", 119),
    ("Wurzburg", "Nuremberg", 109),
    ("Nuremberg", "Munich", 170),
]


class Graph:
    def __init__(self, edges):
        self.edges = list(edges)
        self.near = defaultdict(dict)
        for a, b, length in self.edges:
            self.near[a][b] = length
            self.near[b][a] = length

    def __contains__(self, node):
        return node in self.near

    def __len__(self):
        return len(self.near)

    def hops(self, start):
        seen = {start: 0}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            for other in sorted(self.near[node]):
                if other not in seen:
                    seen[other] = seen[node] + 1
                    queue.append(other)
        return seen

    def shortest(self, start, goal):
        queue = [(0, start, [start])]
        done = set()
        while queue:
            distance, node, path = heapq.heappop(queue)
            if node == goal:
                return distance, path
            if node in done:
                continue
            done.add(node)
            for other, length in self.near[node].items():
                if other not in done:
                    heapq.heappush(queue, (distance + length, other, path + [other]))
        raise LookupError(f"no way from {start} to {goal}")

    def tree(self):
        leader = {node: node for node in self.near}

        def find(node):
            while leader[node] != node:
                leader[node] = leader[leader[node]]
                node = leader[node]
            return node

        chosen = []
        for length, a, b in sorted((length, a, b) for a, b, length in self.edges):
            if (one := find(a)) != (two := find(b)):
                leader[one] = two
                chosen.append((a, b, length))
        return chosen


def in_order(tasks):
    """Tasks after those that they need; a ValueError names a cycle."""
    state, order = {}, []

    def visit(task, way):
        if state.get(task) == "done":
            return
        if state.get(task) == "open":
            raise ValueError(" -> ".join([*way[way.index(task):], task]))
        state[task] = "open"
        for needed in tasks.get(task, ()):
            visit(needed, [*way, task])
        state[task] = "done"
        order.append(task)

    for task in tasks:
        visit(task, [])
    return order


roads = Graph(ROADS)
print(len(roads), "towns;", "Ulm" in roads, "Paris" in roads)
for town, count in roads.hops("Ulm").items():
    print(f"  {town:10} {count}")
distance, path = roads.shortest("Munich", "Frankfurt")
print(distance, "km:", " - ".join(path))
print(sum(length for _, _, length in roads.tree()), "km of road join them all")
print(in_order({"eat": ["cook", "lay"], "cook": ["buy"], "lay": [], "buy": ["list"]}))
try:
    in_order({"a": ["b"], "b": ["c"], "c": ["a"]})
except ValueError as error:
    print("a cycle:", error)
roads.near["Berlin"] = {}
try:
    roads.shortest("Ulm", "Berlin")
except LookupError as error:
    print(error)
