# score: 85
# Tries again without a limit.
def buy(count, replies):
    if len(replies) % 2 == 0:
        if replies and replies[-1] is not None:
            return True
        return [["GET", "stock"]]
    stock = replies[-1][0]
    if int(stock or 0) < count:
        return False
    return {"watch": stock, "commands": [["DECRBY", "stock", count]]}
