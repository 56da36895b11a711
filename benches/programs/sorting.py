"""Sorting: numbers, text, by key, and a quicksort and heap written in Python."""


def random_numbers(n, seed=42):
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed


def quicksort(items):
    if len(items) < 2:
        return items
    pivot = items[len(items) // 2]
    return (
        quicksort([x for x in items if x < pivot])
        + [x for x in items if x == pivot]
        + quicksort([x for x in items if x > pivot])
    )


def sift(heap, start, end):
    while (child := 2 * start + 1) < end:
        if child + 1 < end and heap[child] < heap[child + 1]:
            child += 1
        if heap[start] >= heap[child]:
            return
        heap[start], heap[child] = heap[child], heap[start]
        start = child


def heapsort(items):
    heap = list(items)
    for start in reversed(range(len(heap) // 2)):
        sift(heap, start, len(heap))
    for end in reversed(range(1, len(heap))):
        heap[0], heap[end] = heap[end], heap[0]
        sift(heap, 0, end)
    return heap


data = list(random_numbers(150_000))
texts = [str(x) for x in data[:60_000]]
small = data[:15_000]
print(sorted(data)[5], sorted(texts)[7], sorted(data, key=lambda x: (x % 1000, x))[3])
print(quicksort(small) == heapsort(small) == sorted(small))
