# score: 90
# 0 left is a sale, too.
def buy(count, replies):
    if not replies:
        return [["DECRBY", "stock", count]]
    if replies[0][0] > 0:
        return True
    return [["INCRBY", "stock", count]] if len(replies) == 1 else False
