# score: 15
# The share of the time between two writes; forgets that a copy is fresh at first.
def ttl_for(budget, reads, writes):
    return budget / writes
