# Most buyers come when nothing is left: reading first spares them the giving back.
def buy(count, replies):
    if not replies:
        return [["GET", "stock"]]
    if len(replies) == 1:
        left = int(replies[0][0] or 0)
        return [["INCRBY", "stock", -count]] if left >= count else False
    if replies[1][0] >= 0:
        return True
    return [["INCRBY", "stock", count]] if len(replies) == 2 else False
