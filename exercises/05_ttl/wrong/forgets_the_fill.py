# score: 70
# Forgets that the read that fills is never stale: wrong where a life has few reads.
import math


def ttl_for(budget, reads, writes):
    ttl = 1e-6
    while 1 + math.expm1(-writes * ttl) / (writes * ttl) < budget:
        ttl *= 1.001
    return ttl
