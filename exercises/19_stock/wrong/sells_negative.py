# score: 60
# Does not look at the reply.
def buy(count, replies):
    return True if replies else [["DECRBY", "stock", count]]
