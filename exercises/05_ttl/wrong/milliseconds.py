# score: 15
# Right, in milliseconds.
import math


def ttl_for(budget, reads, writes):
    ttl = 0.0001
    while reads / (1 + reads * ttl) * (ttl + math.expm1(-writes * ttl) / writes) < budget:
        ttl *= 1.001
    return 1000 * ttl
