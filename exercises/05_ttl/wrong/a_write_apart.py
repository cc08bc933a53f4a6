# score: 0
# The mean time between two writes: by then most copies are stale.
def ttl_for(budget, reads, writes):
    return 1 / writes
