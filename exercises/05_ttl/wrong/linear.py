# score: 70
# The first term of the series: right for rare writes, small budgets and many reads.
def ttl_for(budget, reads, writes):
    return 2 * budget / writes
