# score: 90
# Gives up at the first conflict.
def buy(count, replies):
    if not replies:
        return [["GET", "stock"]]
    stock = replies[0][0]
    if int(stock or 0) < count:
        return False
    if len(replies) == 1:
        return {"watch": stock, "commands": [["DECRBY", "stock", count]]}
    return replies[1] is not None
