# f(T) = reads (T - (1 - exp(-w T)) / w) - budget (1 + reads T) = 0 is convex: Newton from the right.
import math


def ttl_for(budget, reads, writes):
    ttl = 2 * (1 + budget) / ((1 - budget) * writes) + 2 / (reads * (1 - budget)) + 10
    for _ in range(200):
        f = reads * (ttl + math.expm1(-writes * ttl) / writes) - budget * (1 + reads * ttl)
        slope = reads * (1 - math.exp(-writes * ttl)) - budget * reads
        step = f / slope
        ttl -= step
        if abs(step) < 1e-12 * ttl:
            break
    return ttl
