# Read, decide, and sell only if the stock is still the same; ten tries.
def buy(count, replies):
    tries = len(replies) // 2
    if len(replies) % 2 == 0:  # the last trip sold, or did not
        if replies and replies[-1] is not None:
            return True
        return [["GET", "stock"]] if tries < 10 else False
    [stock] = replies[-1]
    if int(stock or 0) < count:
        return False
    return {"watch": stock, "commands": [["DECRBY", "stock", count]]}
