# The expected number of stale reads in a life by Simpson's rule; the secant method in safe bounds.
import math


def stale(ttl, reads, writes, parts=200):
    width = ttl / parts
    heights = [-math.expm1(-writes * n * width) for n in range(parts + 1)]
    area = (
        width / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))
    )
    return reads * area / (1 + reads * ttl)


def ttl_for(budget, reads, writes):
    low, high = 0.0, 1.0
    while stale(high, reads, writes) < budget:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if stale(middle, reads, writes) < budget:
            low = middle
        else:
            high = middle
    return low
