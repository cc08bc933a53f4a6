# score: 80
# Does not give back: the stock becomes negative.
def buy(count, replies):
    if not replies:
        return [["DECRBY", "stock", count]]
    return replies[0][0] >= 0
