"""Quicksort of a part: it sorts what stands in some places only (redis 7: pqsort.c).

Equal elements come in the order in which this algorithm leaves them, as in the server. A stable
sort would give another one.
"""

from collections.abc import Callable
from typing import Any

Compare = Callable[[Any, Any], int]  # below 0: the first is the smaller one
SHORT, LONG = (
    7,
    40,
)  # elements: up to which it inserts, and from which it looks at nine for the middle


def sort_part(items: list[Any], first: int, last: int, compare: Compare) -> None:
    """Sort a list in place so far that the places from `first` to `last` have what belongs there.

    >>> items = [5, 3, 9, 1, 7, 8, 2, 6, 4, 0]
    >>> sort_part(items, 0, 2, lambda one, other: one - other)
    >>> items[:3]
    [0, 1, 2]

    References
    ----------
    J. L. Bentley, M. D. McIlroy, "Engineering a sort function", 1993.
    """
    waiting = [(0, len(items))]
    while waiting:
        begin, count = waiting.pop()
        if count < SHORT:
            insert(items, begin, count, compare)
            continue
        smaller, larger = partition(items, begin, count, compare)
        for start, size in ((begin, smaller), (begin + count - larger, larger)):
            if size > 1 and start <= last and first < start + size:
                waiting.append((start, size))


def insert(items: list[Any], begin: int, count: int, compare: Compare) -> None:
    """Sort a few elements: each goes left until it meets one that is not larger."""
    for at in range(begin + 1, begin + count):
        while at > begin and compare(items[at - 1], items[at]) > 0:
            items[at - 1], items[at] = items[at], items[at - 1]
            at -= 1


def partition(items: list[Any], begin: int, count: int, compare: Compare) -> tuple[int, int]:
    """Put what is smaller than a pivot to the left and what is larger to the right; return how many."""
    middle = pivot(items, begin, count, compare)
    swap(items, begin, middle)
    equal_left = left = begin + 1  # equal ones wait at both ends until all is done
    equal_right = right = begin + count - 1
    while True:
        while left <= right and (order := compare(items[left], items[begin])) <= 0:
            if order == 0:
                swap(items, equal_left, left)
                equal_left += 1
            left += 1
        while left <= right and (order := compare(items[right], items[begin])) >= 0:
            if order == 0:
                swap(items, right, equal_right)
                equal_right -= 1
            right -= 1
        if left > right:
            break
        swap(items, left, right)
        left, right = left + 1, right - 1
    end = begin + count
    swap_blocks(items, begin, left, min(equal_left - begin, left - equal_left))
    swap_blocks(items, left, end, min(equal_right - right, end - equal_right - 1))
    return left - equal_left, equal_right - right


def pivot(items: list[Any], begin: int, count: int, compare: Compare) -> int:
    """Return the place of the median of one, three or nine elements."""
    low, middle, high = begin, begin + count // 2, begin + count - 1
    if count == SHORT:
        return middle
    if count > LONG:
        step = count // 8
        low = median(items, low, low + step, low + 2 * step, compare)
        middle = median(items, middle - step, middle, middle + step, compare)
        high = median(items, high - 2 * step, high - step, high, compare)
    return median(items, low, middle, high, compare)


def median(items: list[Any], a: int, b: int, c: int, compare: Compare) -> int:
    """Return the place of the median of three elements."""
    if compare(items[a], items[b]) < 0:
        if compare(items[b], items[c]) < 0:
            return b
        return c if compare(items[a], items[c]) < 0 else a
    if compare(items[b], items[c]) > 0:
        return b
    return a if compare(items[a], items[c]) < 0 else c


def swap(items: list[Any], one: int, other: int) -> None:
    """Let two elements change places."""
    items[one], items[other] = items[other], items[one]


def swap_blocks(items: list[Any], begin: int, end: int, size: int) -> None:
    """Let the first elements of a part change places with its last ones: `begin` and `end` are its bounds."""
    for step in range(size):
        swap(items, begin + step, end - size + step)
