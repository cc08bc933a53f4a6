# score: 90
# Takes many and gives one back.
def buy(count, replies):
    if not replies:
        return [["DECRBY", "stock", count]]
    if replies[0][0] >= 0:
        return True
    return [["INCR", "stock"]] if len(replies) == 1 else False
