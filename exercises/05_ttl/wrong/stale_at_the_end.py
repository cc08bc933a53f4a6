# score: 15
# The age at which a copy is stale with the probability of the budget: most reads come earlier.
import math


def ttl_for(budget, reads, writes):
    return -math.log(1 - budget) / writes
