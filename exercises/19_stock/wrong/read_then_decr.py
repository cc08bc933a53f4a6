# score: 80
# All who read 1 sell the last item.
def buy(count, replies):
    if not replies:
        return [["GET", "stock"]]
    if int(replies[0][0] or 0) < count:
        return False
    return [["DECRBY", "stock", count]] if len(replies) == 1 else True
