# score: 70
# The first term of the series: right for rare writes and small budgets only.
def ttl_for(budget, reads, writes):
    return 2 * budget / writes + 0.0235 * 0.01 / writes
